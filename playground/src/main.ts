import { contactSheets } from './contact-sheets.ts'
import { contents } from './contents.ts'
import { contributors } from './contributors.ts'
import { darkroom } from './darkroom.ts'
import { hero } from './hero.ts'
import { kitList } from './kit.ts'
import { quote } from './quote.ts'
import { spacewalk } from './spacewalk.ts'

hero()
contributors()
contents()
spacewalk()
kitList()
quote()
darkroom()
contactSheets()

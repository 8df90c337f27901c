import { useEffect, useState } from 'preact/hooks'

export type Theme = 'auto' | 'light' | 'dark'

const KEY = 'imagemill-theme'

/** What the person wants; the system decides until then. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(kept)
  useEffect(() => {
    if (theme === 'auto') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
  }, [theme])
  const change = (wanted: Theme): void => {
    setTheme(wanted)
    try {
      localStorage.setItem(KEY, wanted)
    } catch {
      // A browser that keeps nothing forgets it with the page.
    }
  }
  return [theme, change]
}

function kept(): Theme {
  try {
    const word = localStorage.getItem(KEY)
    return word === 'light' || word === 'dark' ? word : 'auto'
  } catch {
    return 'auto'
  }
}

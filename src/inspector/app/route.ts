import { useEffect, useState } from 'preact/hooks'

/** The request that the address names, as in `#/request/3f2a…`. */
export function useRequestId(): string | undefined {
  const [id, setId] = useState(read)
  useEffect(() => {
    const update = (): void => setId(read())
    addEventListener('hashchange', update)
    return () => removeEventListener('hashchange', update)
  }, [])
  return id
}

function read(): string | undefined {
  return /^#\/request\/([0-9a-f]{12})$/.exec(location.hash)?.[1]
}

export function linkTo(id: string | undefined): string {
  return id === undefined ? '#/' : `#/request/${id}`
}

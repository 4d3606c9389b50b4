// A button that opens a menu: arrow keys walk, Escape and clicks elsewhere close, focus comes back to the button.
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { Icon, type IconName } from './icons.tsx'

export type MenuItem = {
  readonly id: string
  readonly label: string
  /** Beside the label: a kind of file, a key. */
  readonly note?: string
  readonly picture?: string
  readonly disabled?: boolean
  readonly run: () => void
}

export function Menu(props: {
  readonly label: string
  readonly icon: IconName
  readonly items: readonly MenuItem[]
  readonly disabled?: boolean
  readonly align?: 'start' | 'end'
  readonly children?: ReactNode
}) {
  const { label, icon, items, disabled = false, align = 'start' } = props
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()

  useEffect(() => {
    if (!open) return
    const list = () => [
      ...root.current!.querySelectorAll<HTMLButtonElement>('[role=menuitem]:not(:disabled)'),
    ]
    list()[0]?.focus()
    const away = (event: PointerEvent) => {
      if (!root.current!.contains(event.target as Node)) setOpen(false)
    }
    const key = (event: KeyboardEvent) => {
      const all = list()
      const at = all.indexOf(document.activeElement as HTMLButtonElement)
      const steps: Record<string, number> = {
        ArrowDown: at + 1,
        ArrowUp: at - 1,
        Home: 0,
        End: all.length - 1,
      }
      if (event.key === 'Escape') {
        setOpen(false)
        button.current?.focus()
      } else if (event.key in steps) all.at(steps[event.key]! % Math.max(1, all.length))?.focus()
      else if (event.key === 'Tab') {
        setOpen(false)
        return
      } else return
      event.preventDefault()
      event.stopPropagation()
    }
    document.addEventListener('pointerdown', away)
    document.addEventListener('keydown', key, true)
    return () => {
      document.removeEventListener('pointerdown', away)
      document.removeEventListener('keydown', key, true)
    }
  }, [open])

  return (
    <div className="menu" ref={root}>
      <button
        ref={button}
        type="button"
        className="button"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={label}
        title={label}
        disabled={disabled}
        onClick={() => setOpen(!open)}
      >
        <Icon name={icon} />
        <span className="button-text">{label}</span>
      </button>
      {open && (
        <div className="menu-list" role="menu" id={id} aria-label={label} data-align={align}>
          {items.map((item) => (
            <button
              key={item.id}
              type="button"
              role="menuitem"
              className="menu-item"
              disabled={item.disabled}
              onClick={() => {
                setOpen(false)
                button.current?.focus()
                item.run()
              }}
            >
              {item.picture !== undefined && <img src={item.picture} alt="" width="60" height="40" />}
              <span>{item.label}</span>
              {item.note !== undefined && <small>{item.note}</small>}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

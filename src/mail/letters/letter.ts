/** A letter: what a mail says, before it is text or HTML. Both parts are made of it and say the same. */
export interface Letter {
  /** Begins with what matters; below 78 characters. */
  readonly subject: string
  readonly title: string
  readonly paragraphs: readonly string[]
  readonly facts: readonly Fact[]
  readonly action: Action | null
  /** What comes after the button. */
  readonly steps: readonly string[]
  readonly footer: string
}

export interface Fact {
  readonly label: string
  readonly value: string
}

/** The one button. */
export interface Action {
  readonly label: string
  readonly url: string
  readonly note: string
}

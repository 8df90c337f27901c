import type { Box, FactQuestion, Header, Output, Source, SourceFormat, StoredFact, StoredOutput, TrimQuestion } from '../types.ts'

/** Where work runs. Results go to the store; a promise answers the facts, or throws an ImagemillError. */
export interface Queue {
  /**
   * Makes one output. Outputs of the same source that wait together are made from one decode. When the signals of all who
   * asked for it are aborted it is not made, and what is at work on it is stopped. `onBegin` is called when its turn has come.
   */
  encode(source: Source, output: Output, folder: string, signal?: AbortSignal, onBegin?: () => void): Promise<StoredOutput>
  /** Reads the header of a format that needs a real decoder. */
  header(file: string, format: SourceFormat): Promise<Header>
  /** Finds the part of a source that `trim` leaves. */
  trim(source: Source, question: TrimQuestion): Promise<Box>
  /** Answers a question about a source by a small value. */
  fact(source: Source, question: FactQuestion): Promise<StoredFact>
  /** Versions of sharp and its codecs, when they cannot be read from disk. */
  versions(): Promise<Record<string, string | undefined>>
  /** What goes on, on this machine. */
  load(): Load
  /** What is known of other machines that do work; undefined where there are none. */
  machines?(): Machines
  /** Gives back what is kept for work to come; it is there again when there is some. */
  rest(): void
  close(): Promise<void>
}

export interface Machines {
  /** Whether they could be reached when they were last looked at. */
  reached: boolean
  /** Those that were there then, and make the same bytes as this one. */
  workers: number
}

export interface Load {
  /** Processes at work, and how many there may be. */
  busy: number
  most: number
  /** Outputs and questions that none of them has begun. */
  waiting: number
}

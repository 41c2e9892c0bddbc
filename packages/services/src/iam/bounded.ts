/** A map that holds so many and no more: the oldest goes first. */
export class Bounded<K, V> {
  readonly #map = new Map<K, V>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  get(key: K): V | undefined {
    return this.#map.get(key)
  }

  set(key: K, value: V): void {
    if (!this.#map.has(key) && this.#map.size >= this.#most) {
      const [oldest] = this.#map.keys()
      this.#map.delete(oldest as K)
    }
    this.#map.set(key, value)
  }

  clear(): void {
    this.#map.clear()
  }

  delete(key: K): void {
    this.#map.delete(key)
  }
}

import Foundation

/// Damages files in ways that are the same on every machine.
package struct Mutator {
    private var generator: Xorshift

    /// Starts from a seed other than zero.
    package init(seed: UInt64) { generator = Xorshift(state: seed) }

    /// A copy with one to three damages: a flipped bit, another byte, one more, one less, a cut, or a piece of
    /// another file.
    package mutating func damaged(_ original: Data, pieces: [Data] = []) -> Data {
        var contents = Array(original)
        for _ in 0...Int.random(in: 0..<3, using: &generator) where !contents.isEmpty {
            let position = Int.random(in: 0..<contents.count, using: &generator)
            switch Int.random(in: 0..<(pieces.isEmpty ? 8 : 11), using: &generator) {
            case 0: contents.removeSubrange(position...)
            case 1: contents.insert(.random(in: 0...255, using: &generator), at: position)
            case 2: contents.remove(at: position)
            case 3: contents[position] = Bool.random(using: &generator) ? 0x7F : 0xFF
            case 4: contents[position] = .random(in: 0...255, using: &generator)
            case 8: contents.insert(contentsOf: piece(of: pieces), at: position)
            case 9:
                let piece = piece(of: pieces)
                let end = min(position + piece.count, contents.count)
                contents.replaceSubrange(position..<end, with: piece)
            case 10:
                let end = Int.random(in: position..<contents.count, using: &generator)
                contents.removeSubrange(position..<end)
            default: contents[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
        }
        return Data(contents)
    }

    /// One of several.
    package mutating func choose<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &generator)]
    }

    private mutating func piece(of files: [Data]) -> Data {
        let file = choose(files)
        guard !file.isEmpty else { return file }
        let start = Int.random(in: 0..<file.count, using: &generator)
        let count = Int.random(in: 1...64, using: &generator)
        return file.dropFirst(start).prefix(count)
    }
}

/// Marsaglia's generator, for numbers that are the same on every machine.
private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

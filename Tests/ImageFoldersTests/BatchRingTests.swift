import Foundation
import ImageFolders
import Synchronization
import Testing

@Suite("Batches made ahead")
struct BatchRingTests {
    private struct Odd: Error {}

    /// Reads a ring whose rows hold their image's position as one byte; `broken` ones cannot be read.
    private func read(
        order: [Int], count: Int? = nil, batchSize: Int, first: Int = 0, threads: Int,
        slots: Int = 3,
        broken: Set<Int> = [],
        rule: UnreadableRule = UnreadableRule(allowed: 0, substitutes: false),
        notes: UnreadableNotes? = nil
    ) throws -> [[Int]] {
        let ring = BatchRing(
            order: order, count: count, batchSize: batchSize, rowBytes: 1, first: first,
            threads: threads, slots: slots,
            unreadable: notes ?? UnreadableNotes(rule, of: order.count)
        ) {
            { position, row in
                if position % 7 == 3 { usleep(300) }
                if broken.contains(position) {
                    throw UnreadableImage(Unreadable(path: "image \(position)", reason: "damaged"))
                }
                row[0] = UInt8(position)
            }
        }
        var batches: [[Int]] = []
        while let ready = try ring.next() {
            let rows = ready.bytes.map(Int.init)
            #expect(zip(rows, ready.positions).allSatisfy { $1 == nil || $0 == $1 })
            batches.append(ready.positions.map { $0 ?? -1 })
            ring.giveBack()
        }
        return batches
    }

    @Test(
        "Any number of threads and slots gives the same batches", arguments: [1, 2, 5], [2, 3, 8])
    func sameBatches(threads: Int, slots: Int) throws {
        let order = (0..<50).map { ($0 * 37 + 11) % 50 }
        let batches = try read(order: order, batchSize: 8, threads: threads, slots: slots)
        let expected = stride(from: 0, to: 50, by: 8).map { Array(order[$0..<min($0 + 8, 50)]) }
        #expect(batches == expected)
        let resumed = try read(
            order: order, batchSize: 8, first: 4, threads: threads, slots: slots)
        #expect(resumed == Array(expected[4...]))
    }

    @Test("An order that is gone through more than once goes on within a batch", arguments: [1, 3])
    func passes(threads: Int) throws {
        let batches = try read(order: [4, 1, 3], count: 9, batchSize: 4, threads: threads)
        #expect(batches == [[4, 1, 3, 4], [1, 3, 4, 1], [3]])
    }

    @Test("The next image in the order takes the place of one that cannot be read")
    func substitutes() throws {
        let rule = UnreadableRule(allowed: 3, substitutes: true)
        let order = [4, 9, 2, 7, 1]
        for threads in [1, 3] {
            let notes = UnreadableNotes(rule, of: 5)
            let batches = try read(
                order: order, batchSize: 2, threads: threads, broken: [9, 2, 1], notes: notes)
            #expect(batches == [[4, 7], [7, 7], [4]])
            #expect(Set(notes.takeNew().map(\.path)) == ["image 9", "image 2", "image 1"])
            #expect(notes.takeNew().isEmpty, "each is told once")
        }
    }

    @Test("Without substitutes the row of an unreadable image stays empty")
    func emptyRows() throws {
        let rule = UnreadableRule(allowed: 1, substitutes: false)
        let batches = try read(
            order: [0, 1, 2], batchSize: 2, threads: 2, broken: [1], rule: rule)
        #expect(batches == [[0, -1], [2]])
    }

    @Test("One unreadable image more than allowed ends the reading with all their names")
    func tooMany() throws {
        let rule = UnreadableRule(allowed: 1, substitutes: true)
        let error = #expect(throws: TooManyUnreadable.self) {
            try read(
                order: Array(0..<30), batchSize: 4, threads: 4, broken: [5, 25], rule: rule)
        }
        #expect(error?.found.map(\.path) == ["image 5", "image 25"])
        #expect(
            error?.description
                == "2 of 30 images cannot be read, at most 1 may be: image 5: damaged; "
                + "image 25: damaged; mend or remove them, or allow more")
    }

    @Test("What is no matter of one image ends the reading, from whichever worker it comes")
    func otherErrors() {
        let ring = BatchRing(
            order: Array(0..<20), batchSize: 2, rowBytes: 1, threads: 4,
            unreadable: UnreadableNotes(UnreadableRule(allowed: 9, substitutes: true), of: 20)
        ) {
            { position, _ in if position == 13 { throw Odd() } }
        }
        #expect(throws: Odd.self) { while try ring.next() != nil { ring.giveBack() } }
    }

    @Test("A ring that is let go in the middle ends its workers before its memory goes")
    func letGo() throws {
        final class Counts: Sendable {
            let running = Atomic(0)
        }
        let counts = Counts()
        for _ in 0..<20 {
            let ring = BatchRing(
                order: Array(0..<1000), batchSize: 4, rowBytes: 1, threads: 3,
                unreadable: UnreadableNotes(UnreadableRule(allowed: 0, substitutes: true), of: 1000)
            ) {
                { _, row in
                    counts.running.add(1, ordering: .sequentiallyConsistent)
                    usleep(100)
                    row[0] = 1
                    counts.running.subtract(1, ordering: .sequentiallyConsistent)
                }
            }
            _ = try ring.next()
        }
        #expect(counts.running.load(ordering: .sequentiallyConsistent) == 0)
    }
}

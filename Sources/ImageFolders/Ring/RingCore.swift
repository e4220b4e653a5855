import Foundation

extension BatchRing {
    /// What the reader and the workers share.
    final class Core: @unchecked Sendable {
        private let order: [Int]

        /// How many images are wanted, where the order begins anew behind its end.
        private let count: Int

        private let batchSize: Int
        private let rowBytes: Int
        private let slots: Int
        private let memory: RingMemory
        private let unreadable: UnreadableNotes
        private let condition = NSCondition()

        /// The place among the wanted images of the next one that a worker takes.
        private var nextImage: Int

        /// The batch that the reader wants next; those before it have been given back, but perhaps the last.
        private var nextBatch: Int

        /// The first batch whose slot must not be filled yet, because an earlier one lies in it.
        private var freeUntil: Int

        /// How many images of each slot are still to be made.
        private var missing: [Int]

        /// The position of the image of each row of each slot; nil where it could not be read.
        private var positions: [[Int?]]

        private var failure: (any Error)?
        private var isStopped = false
        private var working = 0

        init(
            order: [Int], count: Int, batchSize: Int, rowBytes: Int, first: Int, slots: Int,
            memory: RingMemory, unreadable: UnreadableNotes
        ) {
            self.order = order
            self.count = count
            self.batchSize = batchSize
            self.rowBytes = rowBytes
            self.slots = slots
            self.memory = memory
            self.unreadable = unreadable
            nextImage = first * batchSize
            nextBatch = first
            freeUntil = first + slots
            missing = Array(repeating: 0, count: slots)
            positions = Array(repeating: [], count: slots)
            for batch in first..<freeUntil { prepare(batch) }
        }

        private func imageCount(of batch: Int) -> Int {
            min(batchSize, max(0, count - batch * batchSize))
        }

        private func prepare(_ batch: Int) {
            let count = imageCount(of: batch)
            missing[batch % slots] = count
            positions[batch % slots] = Array(repeating: nil, count: count)
        }

        private func row(_ index: Int) -> UnsafeMutableRawBufferPointer {
            let (batch, place) = index.quotientAndRemainder(dividingBy: batchSize)
            let start = ((batch % slots) * batchSize + place) * rowBytes
            return UnsafeMutableRawBufferPointer(rebasing: memory.bytes[start..<(start + rowBytes)])
        }
    }
}

// MARK: - The reader's side

extension BatchRing.Core {
    func next() throws -> BatchRing.Ready? {
        condition.lock()
        defer { condition.unlock() }
        precondition(nextBatch < freeUntil, "BatchRing: no batch was given back")
        let count = imageCount(of: nextBatch)
        guard count > 0 else { return nil }
        let slot = nextBatch % slots
        while missing[slot] > 0, failure == nil { condition.wait() }
        if let failure { throw failure }
        nextBatch += 1
        let start = slot * batchSize * rowBytes
        let bytes = memory.bytes[start..<(start + count * rowBytes)]
        return BatchRing.Ready(
            bytes: UnsafeMutableRawBufferPointer(rebasing: bytes), positions: positions[slot])
    }

    func giveBack() {
        condition.withLock {
            guard freeUntil < nextBatch + slots else { return }
            prepare(freeUntil)
            freeUntil += 1
            condition.broadcast()
        }
    }

    /// Ends the workers and waits until they have left the memory alone.
    func stop() {
        condition.withLock {
            isStopped = true
            condition.broadcast()
            while working > 0 { condition.wait() }
        }
    }
}

// MARK: - The workers' side

extension BatchRing.Core {
    /// Counts a worker that is about to start.
    func begin() { condition.withLock { working += 1 } }

    func work(_ worker: BatchRing.Worker) {
        while let index = claim() { make(index, worker) }
        condition.withLock {
            working -= 1
            condition.broadcast()
        }
    }

    /// The place among the wanted images of one to make; nil where the work is over.
    private func claim() -> Int? {
        condition.withLock {
            while !isStopped, failure == nil, nextImage < count,
                nextImage / batchSize >= freeUntil
            {
                condition.wait()
            }
            guard !isStopped, failure == nil, nextImage < count else { return nil }
            defer { nextImage += 1 }
            return nextImage
        }
    }

    private func make(_ index: Int, _ worker: BatchRing.Worker) {
        let row = row(index)
        var shown: Int?
        // Every image is tried at most once, so that a set of unreadable ones ends too.
        for step in 0..<order.count {
            let position = order[(index + step) % order.count]
            do {
                try worker(position, row)
                shown = position
            } catch let image as UnreadableImage {
                if let tooMany = unreadable.add(position, image.description) {
                    return fail(tooMany)
                }
                if unreadable.rule.substitutes { continue }
            } catch {
                return fail(error)
            }
            break
        }
        finish(index, showing: shown)
    }

    private func finish(_ index: Int, showing position: Int?) {
        let (batch, place) = index.quotientAndRemainder(dividingBy: batchSize)
        condition.withLock {
            positions[batch % slots][place] = position
            missing[batch % slots] -= 1
            if missing[batch % slots] == 0 { condition.broadcast() }
        }
    }

    private func fail(_ error: any Error) {
        condition.withLock {
            failure = failure ?? error
            condition.broadcast()
        }
    }
}

/// What a worker throws where one image cannot be read, and others perhaps can.
public struct UnreadableImage: Error {
    /// The image and the reason.
    public let description: Unreadable

    /// Names the image and the reason.
    public init(_ description: Unreadable) { self.description = description }
}

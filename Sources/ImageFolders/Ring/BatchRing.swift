import Foundation

/// Batches that worker threads make ahead of their reader, in a ring of slots.
///
/// What a batch holds does not depend on the number of threads. The memory is that of the slots, however many
/// images there are.
public final class BatchRing {
    /// Makes one image's row of a batch on a worker's thread.
    ///
    /// Takes the image's position and where its bytes go.
    public typealias Worker = (_ position: Int, _ row: UnsafeMutableRawBufferPointer) throws -> Void

    /// A batch that is ready.
    public struct Ready {
        /// The rows, one after the other; valid until the batch is given back.
        public let bytes: UnsafeMutableRawBufferPointer

        /// The position of the image of each row; nil where it could not be read.
        public let positions: [Int?]
    }

    private let core: Core

    /// Starts worker threads.
    ///
    /// - Parameters:
    ///   - order: the positions of the images in the order in which they are wanted.
    ///   - count: how many images are wanted, where the order begins anew behind its end; nil for those of the order.
    ///   - batchSize: images a batch; the last batch holds the rest.
    ///   - rowBytes: bytes an image.
    ///   - first: the place of the first batch that is wanted.
    ///   - threads: how many workers.
    ///   - slots: how many batches are held at once, at least 2: one is read while others are made.
    ///   - memory: the slots' memory; allocated here where it is left out.
    ///   - unreadable: what to do where an image cannot be read, and where that is noted.
    ///   - worker: makes the worker of a thread, on that thread.
    public init(
        order: [Int], count: Int? = nil, batchSize: Int, rowBytes: Int, first: Int = 0,
        threads: Int,
        slots: Int = 4, memory: RingMemory? = nil, unreadable: UnreadableNotes,
        worker: @escaping @Sendable () -> Worker
    ) {
        precondition(batchSize >= 1 && threads >= 1 && slots >= 2, "BatchRing: no room")
        let memory = memory ?? RingMemory(byteCount: slots * batchSize * rowBytes)
        core = Core(
            order: order, count: count ?? order.count, batchSize: batchSize, rowBytes: rowBytes,
            first: first, slots: slots, memory: memory, unreadable: unreadable)
        for _ in 0..<threads {
            let core = core
            let thread = Thread { core.work(worker()) }
            thread.name = "images"
            core.begin()
            thread.start()
        }
    }

    deinit { core.stop() }

    /// The seconds for which `next` had to wait so far.
    public private(set) var waitedSeconds = 0.0

    /// Waits for the next batch.
    ///
    /// - Returns: nil behind the last one.
    /// - Throws: `TooManyUnreadable`, or what a worker threw that is no matter of one image.
    public func next() throws -> Ready? {
        let start = ContinuousClock.now
        defer { waitedSeconds += (ContinuousClock.now - start) / .seconds(1) }
        return try core.next()
    }

    /// Gives the batch back that `next` gave last, so that its slot can be filled again.
    public func giveBack() { core.giveBack() }
}

/// Memory of a ring's slots.
public final class RingMemory: @unchecked Sendable {
    /// Where it is.
    public let bytes: UnsafeMutableRawBufferPointer

    private let owner: AnyObject?

    /// Allocates memory.
    public init(byteCount: Int) {
        bytes = .allocate(byteCount: max(1, byteCount), alignment: 64)
        owner = nil
    }

    /// Takes memory that belongs to something else, such as pinned memory of a card.
    ///
    /// - Parameters:
    ///   - bytes: the memory.
    ///   - owner: what keeps it, held as long as this.
    public init(_ bytes: UnsafeMutableRawBufferPointer, keptBy owner: AnyObject) {
        self.bytes = bytes
        self.owner = owner
    }

    deinit { if owner == nil { bytes.deallocate() } }
}

/// The images that could not be read so far, noted by any thread.
public final class UnreadableNotes: @unchecked Sendable {
    /// What happens where an image cannot be read.
    public let rule: UnreadableRule

    private let count: Int
    private let lock = NSLock()
    private var found: [Int: Unreadable] = [:]
    private var untold: [Unreadable] = []

    /// Begins without any.
    ///
    /// - Parameters:
    ///   - rule: what happens where an image cannot be read.
    ///   - count: how many images there are.
    public init(_ rule: UnreadableRule, of count: Int) {
        self.rule = rule
        self.count = count
    }

    /// Those that were noted since this was asked last.
    public func takeNew() -> [Unreadable] {
        lock.withLock {
            defer { untold = [] }
            return untold
        }
    }

    /// How many different images are noted.
    public var total: Int { lock.withLock { found.count } }

    /// Notes an image.
    ///
    /// - Returns: the error that ends the reading, once there are too many.
    func add(_ position: Int, _ image: Unreadable) -> TooManyUnreadable? {
        lock.withLock {
            if found.updateValue(image, forKey: position) == nil { untold.append(image) }
            guard found.count > rule.allowed else { return nil }
            let list = found.sorted { $0.key < $1.key }.map(\.value)
            return TooManyUnreadable(found: list, allowed: rule.allowed, count: count)
        }
    }
}

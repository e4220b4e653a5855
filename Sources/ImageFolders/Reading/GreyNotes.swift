import Foundation

/// Notes, by any thread, that images are grey with 16 bits, of which Pillow makes nearly white ones.
public final class GreyNotes: @unchecked Sendable {
    private let lock = NSLock()
    private var first: Int?
    private var isTold = false

    /// Begins without any.
    public init() {}

    /// Notes an image.
    func add(_ position: Int) { lock.withLock { first = min(first ?? position, position) } }

    /// The position of such an image, told once; nil where none was met.
    public func take() -> Int? {
        lock.withLock {
            guard !isTold, let first else { return nil }
            isTold = true
            return first
        }
    }
}

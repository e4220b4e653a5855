import FlyingFox
import FlyingSocks
import Foundation

/// The events of one page, one buffer each.
struct EventStream: AsyncBufferedSequence {
    typealias Element = UInt8

    let board: Board

    /// The last event that the page got from an earlier stream.
    let after: String?

    func makeAsyncIterator() -> Iterator { Iterator(board: board, id: after) }

    struct Iterator: AsyncBufferedIteratorProtocol {
        private let board: Board
        private var id: String?
        private var ticks: AsyncStream<Void>.Iterator?
        private var waiting: ArraySlice<Data> = []
        private var rest = Data()

        init(board: Board, id: String?) {
            self.board = board
            self.id = id
        }

        mutating func next() async throws -> UInt8? {
            while rest.isEmpty {
                guard let buffer = try await nextBuffer(suggested: 1) else { return nil }
                rest = buffer
            }
            return rest.removeFirst()
        }

        mutating func nextBuffer(suggested count: Int) async throws -> Data? {
            if let next = waiting.popFirst() { return next }
            guard ticks != nil else {
                ticks = await board.listen().makeAsyncIterator()
                // How long a page waits before it comes back, in milliseconds.
                return Data("retry: 1000\n\n".utf8)
            }
            guard await ticks?.next(isolation: nil) != nil else { return nil }
            let (events, last) = try await board.events(after: id)
            (waiting, id) = (events[...], last)
            // A comment: by writing alone one notices that a page has gone.
            return waiting.popFirst() ?? Data(": \n\n".utf8)
        }
    }
}

import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Standard output, which holds results and nothing else.
///
/// What cannot be written does not stop a command, which may have more to do and to save; `Streams.exit` tells
/// of it.
package enum StandardOutput {
    private static let state = Mutex(
        (failure: nil as Int32?, isKilledByPipe: true, isMuted: false))

    /// Why a result could not be written, as an `errno`; nil where all were.
    package static var failure: Int32? { state.withLock { $0.failure } }

    /// Whether the process inherited SIGPIPE as fatal, as almost every process does.
    package static var isKilledByPipe: Bool {
        get { state.withLock { $0.isKilledByPipe } }
        set { state.withLock { $0.isKilledByPipe = newValue } }
    }

    /// Whether nothing is written.
    static var isMuted: Bool {
        get { state.withLock { $0.isMuted } }
        set { state.withLock { $0.isMuted = newValue } }
    }

    /// Writes all of a text; after a failure, nothing.
    package static func write(_ text: String) {
        state.withLock { state in
            guard state.failure == nil, !state.isMuted else { return }
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
                }
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count < 0, errno == EAGAIN {
                    // Somebody made it non-blocking; a result waits for its reader.
                    var ready = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                    poll(&ready, 1, -1)
                } else if count < 0, errno == EINTR {
                    continue
                } else {
                    state.failure = count < 0 ? errno : EIO
                    return
                }
            }
        }
    }
}

/// Prints a result on standard output.
///
/// It takes the place of Swift's own `print`, which loses what cannot be written.
package func print(_ text: String, terminator: String = "\n") {
    StandardError.shared.clearStatus()
    StandardOutput.write(text + terminator)
}

/// Prints one JSON object on one line.
package func printJSON(_ value: some Encodable) throws {
    print(try json(value), terminator: "")
}

/// One JSON object on one line, with the line's end, its keys in snake case and in order.
package func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}

import Basics

#if !WITHOUT_DOWNLOADS
    import Foundation
    import Synchronization

    #if canImport(FoundationNetworking)
        import FoundationNetworking
    #endif

    /// One HTTP request whose body goes to disk as it arrives.
    final class HTTPTransfer: NSObject, URLSessionDataDelegate {
        typealias Progress = DatasetFetcher.Progress

        private struct State {
            var sink: FileSink?
            var received: Int
            var total: Int?
            var isComplete = false
            var failure: (any Error)?
            var continuation: CheckedContinuation<Void, any Error>?
        }

        private let source: URL
        private let part: URL
        private let start: Int
        private let expectedBytes: Int?
        private let progress: @Sendable (Progress) -> Void
        private let state: Mutex<State>

        /// Prepares the request for what comes after the `start` bytes that `part` holds already.
        init(
            from source: URL, to part: URL, start: Int, expectedBytes: Int?,
            _ progress: @escaping @Sendable (Progress) -> Void
        ) {
            self.source = source
            self.part = part
            self.start = start
            self.expectedBytes = expectedBytes
            self.progress = progress
            state = Mutex(State(received: start))
        }

        func run() async throws {
            var request = URLRequest(url: source, cachePolicy: .reloadIgnoringLocalCacheData)
            // The archive is compressed already, and ranges count the bytes as they are sent.
            request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
            if start > 0 {
                request.setValue("bytes=\(start)-", forHTTPHeaderField: "Range")
            }
            let session = URLSession(configuration: .ephemeral, delegate: self, delegateQueue: nil)
            let task = session.dataTask(with: request)
            defer { session.finishTasksAndInvalidate() }
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    state.withLock { $0.continuation = continuation }
                    task.resume()
                }
            } onCancel: {
                task.cancel()
            }
        }

        func urlSession(
            _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
            completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
        ) {
            let isWanted = state.withLock { state in
                do {
                    return try accept(response, &state)
                } catch {
                    state.failure = error
                    return false
                }
            }
            completionHandler(isWanted ? .allow : .cancel)
        }

        func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data)
        {
            let report: Progress? = state.withLock { state in
                guard state.failure == nil, let sink = state.sink else { return nil }
                do {
                    try data.withUnsafeBytes { try sink.write($0) }
                } catch {
                    state.failure = error
                    return nil
                }
                state.received += data.count
                return .init(receivedBytes: state.received, totalBytes: state.total)
            }
            guard let report else { return dataTask.cancel() }
            progress(report)
        }

        func urlSession(
            _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
        ) {
            let (result, continuation) = state.withLock { state in
                defer { state.continuation = nil }
                return (Result { try finish(&state, error) }, state.continuation)
            }
            continuation?.resume(with: result)
        }

        /// Decides what to do with the body, and returns whether it is wanted.
        private func accept(_ response: URLResponse, _ state: inout State) throws -> Bool {
            guard let response = response as? HTTPURLResponse else {
                throw Download.Interruption(reason: "an answer that is not HTTP")
            }
            let range = ContentRange(response.value(forHTTPHeaderField: "Content-Range"))
            switch response.statusCode {
            case 200:
                // Also the answer of a server that does not know ranges: the file from its beginning.
                let length = Int(response.expectedContentLength)
                try verify(response, length < 0 ? nil : length, &state)
                state.sink = try FileSink(path: part.path, .truncating)
                state.received = 0
                return true
            case 206 where range?.start == start:
                try verify(response, range?.total, &state)
                state.sink = try FileSink(path: part.path, .appending)
                return true
            case 206,
                416 where start > 0:
                try verify(response, range?.total, &state)
                if response.statusCode == 416, state.total == start {
                    state.isComplete = true
                    return false
                }
                // The part does not fit what the server has now, so the next try begins anew.
                state.sink = try FileSink(path: part.path, .truncating)
                throw Download.Interruption(reason: "a file that does not fit the part")
            default:
                throw FetchError.httpStatus(url: source.absoluteString, status: response.statusCode)
            }
        }

        /// Refuses another file than the one that the part belongs to, one of another size than is expected, and one
        /// that the disk has no room for; notes what the part belongs to.
        private func verify(
            _ response: HTTPURLResponse, _ total: Int?, _ state: inout State
        ) throws {
            state.total = total
            let origin = DownloadOrigin(
                url: source.absoluteString, tag: response.value(forHTTPHeaderField: "ETag"),
                modified: response.value(forHTTPHeaderField: "Last-Modified"), byteCount: total)
            if start > 0, let former = DownloadOrigin(of: part),
                let (was, now) = former.difference(from: origin)
            {
                throw FetchError.changedOnServer(
                    url: source.absoluteString, part: part.path, was: was, now: now)
            }
            try Download.verify(total, expectedBytes, of: source)
            // Where the file is sent from its beginning, it takes the place of what is there.
            try Download.requireSpace((total ?? start) - start, for: part)
            try origin.save(for: part)
        }

        private func finish(_ state: inout State, _ error: (any Error)?) throws {
            defer { state.sink = nil }
            if state.isComplete { return }
            if let failure = state.failure { throw failure }
            if let error {
                if (error as? URLError)?.code == .cancelled { throw CancellationError() }
                throw Download.Interruption(reason: error.localizedDescription)
            }
            if let total = state.total, state.received != total {
                throw Download.Interruption(reason: "\(state.received) of \(total) bytes arrived")
            }
            try state.sink?.synchronize()
        }
    }

    /// The value of a `Content-Range` header: `bytes START-END/TOTAL` or `bytes */TOTAL`.
    private struct ContentRange {
        let start: Int?
        let total: Int?

        init?(_ header: String?) {
            guard let header, header.hasPrefix("bytes ") else { return nil }
            let parts = header.dropFirst("bytes ".count).split(separator: "/")
            guard parts.count == 2, let range = parts.first, let size = parts.last else {
                return nil
            }
            start = range.split(separator: "-").first.flatMap { Int($0) }
            total = Int(size)
        }
    }
#endif

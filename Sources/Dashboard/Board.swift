import Foundation
import RecordStore

/// Follows a file of records, and keeps what pages are told of it.
actor Board {
    /// How often the file is looked at.
    static let pause = Duration.milliseconds(100)

    /// How many points are read at once; what they make is sent at once.
    private static let batch = 4000
    private static let firstBatch = 50_000

    /// How many bytes of events are kept for pages that come back.
    private static let memory = 4_000_000

    /// One event as it is sent, of which there is one text for all pages.
    private struct Event {
        let place: Int
        let data: Data
    }

    private var store: RecordStore
    private var mirror = Mirror()
    private var isLoaded = false
    private var fileNumber: Int?

    /// The two ways in which the file is read, each with a problem of its own: a file that was opened before another
    /// took its place can still be followed.
    private enum Reading: CaseIterable { case following, looking }
    private var problems: [Reading: String] = [:]
    private var problem: String? { Reading.allCases.lazy.compactMap { self.problems[$0] }.first }

    /// Tells the events of this process from those of an earlier one.
    private let name = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    private var events: [Event] = []
    private var place = 0
    private var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
    private var listenerCount = 0
    private let warn: @Sendable (String) -> Void

    /// Begins with an opened file.
    ///
    /// - Parameters:
    ///   - store: opened to read.
    ///   - warn: called with a sentence once the file can no longer be read.
    init(_ store: RecordStore, warn: @escaping @Sendable (String) -> Void) {
        self.store = store
        self.warn = warn
        fileNumber = Self.number(ofFile: store.path)
    }

    /// Follows the file until the task is cancelled.
    func run() async {
        var round = 0
        while !Task.isCancelled {
            follow()
            // Every other second for what changes without a write, and a sign of life for each page.
            if round % 20 == 0 { look() }
            if round % 50 == 0 { tick() }
            round += 1
            guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
        }
    }

    /// Signals whenever there may be something new, and every few seconds.
    func listen() -> AsyncStream<Void> {
        listenerCount += 1
        let number = listenerCount
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        continuation.onTermination = { _ in Task { await self.forget(number) } }
        listeners[number] = continuation
        continuation.yield()
        return stream
    }

    /// What a page has not been sent.
    ///
    /// - Parameter id: of the last event it got; nil where it got none.
    /// - Returns: events, and the id of the last of them. A page whose id is not known gets everything.
    /// - Throws: what the encoder throws.
    func events(after id: String?) throws -> (data: [Data], id: String?) {
        guard isLoaded else { return ([], id) }
        let parts = id?.split(separator: "-") ?? []
        if parts.count == 2, parts[0] == name, let seen = Int(parts[1]), seen <= place,
            seen >= (events.first?.place ?? place + 1) - 1
        {
            return (events.suffix(place - seen).map(\.data), self.id(of: place))
        }
        var texts = ["{\"reset\":true,\"records\":\(try Self.json(store.path))}"]
        texts += try mirror.whole.messages()
        if let problem { texts.append(try Self.problem(problem)) }
        texts.append("{\"ready\":true}")
        let last = texts.count - 1
        let data = texts.enumerated().map {
            Self.event($1, id: $0 == last ? self.id(of: place) : nil)
        }
        return (data, self.id(of: place))
    }

    /// The folder of a run; nil where there is none.
    func folder(of run: Int64) -> String? { mirror.folder(of: run) }

    /// The values of recipes that differ between runs, as JSON.
    func differences(between runs: [Int64]) throws -> Data {
        struct Difference: Encodable {
            let key: String
            let values: [String?]
        }
        let found = try store.differences(between: runs)
            .map { Difference(key: $0.key, values: $0.values) }
        return try JSONEncoder().encode(found)
    }

    private func forget(_ number: Int) { listeners[number] = nil }

    private func tick() { for listener in listeners.values { listener.yield() } }

    private func follow() {
        attempt(.following) {
            guard try store.marks() != mirror.marks || !isLoaded else { return }
            var hasMore = true
            while hasMore, !Task.isCancelled {
                // Taken as a whole or not at all, so that pages miss nothing after an error.
                var next = mirror
                let update: Update
                (update, hasMore) = try next.follow(
                    store, limit: isLoaded ? Self.batch : Self.firstBatch)
                mirror = next
                if isLoaded { try tell(update.messages()) }
            }
            guard !isLoaded else { return }
            isLoaded = true
            tick()
        }
    }

    private func look() {
        attempt(.looking) {
            guard let number = Self.number(ofFile: store.path) else {
                throw RecordError.missing(path: store.path)
            }
            if number != fileNumber {
                // Another file has taken its place; pages get everything anew.
                store = try RecordStore(path: store.path, access: .read)
                fileNumber = number
                (mirror, isLoaded, events) = (Mirror(), false, [])
                place += 2
                return
            }
            var next = mirror
            let update = try next.look(store)
            mirror = next
            try tell(update.messages())
        }
    }

    private func attempt(_ reading: Reading, _ body: () throws -> Void) {
        let told = problem
        do {
            try body()
            problems[reading] = nil
        } catch {
            problems[reading] = "\(error)"
        }
        guard problem != told else { return }
        if let problem { warn(problem) }
        do {
            try tell([problem.map(Self.problem) ?? "{\"problem\":null}"])
        } catch {
            warn("\(error)")
        }
    }

    private func tell(_ texts: [String]) throws {
        guard !texts.isEmpty else { return }
        for text in texts {
            place += 1
            events.append(Event(place: place, data: Self.event(text, id: id(of: place))))
        }
        var bytes = events.reduce(0) { $0 + $1.data.count }
        while bytes > Self.memory, let first = events.first {
            bytes -= first.data.count
            events.removeFirst()
        }
        tick()
    }

    private func id(of place: Int) -> String { "\(name)-\(place)" }

    private static func event(_ text: String, id: String?) -> Data {
        Data(((id.map { "id: \($0)\n" } ?? "") + "data: \(text)\n\n").utf8)
    }

    private static func problem(_ text: String) throws -> String {
        "{\"problem\":\(try json(text))}"
    }

    private static func json(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }

    private static func number(ofFile path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber])
            .flatMap { ($0 as? NSNumber)?.intValue }
    }
}

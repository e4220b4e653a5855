import BasicsTestSupport
import Foundation
import Testing
import Torch

@testable import TorchDistributed

@Suite("A group of processes")
struct DistributedGroupTests {
    @Test("adds tensors of several types and layouts, and all have the same bits")
    func sum() throws {
        let found = try together(3) { group in
            let weight = Double(group.rank + 1)
            let counted = Tensor.arange(0..<24).to(.float64).reshape([2, 3, 2, 2]) * weight
            let tensors = [
                counted, counted.contiguous(.channelsLast).to(.float32),
                Tensor([Int64(group.rank)]), Tensor.full([], weight, dtype: .float64),
                Tensor.zeros([0], dtype: .float32),
            ]
            try collectingOperatorErrors { group.reduce(tensors, by: .sum) }
            return tensors.prefix(4).map { $0.to(.float64).elements(as: Double.self) }
        }.map { try $0.get() }
        let six = (0..<24).map { 6 * Double($0) }
        #expect(found == Array(repeating: [six, six, [3], [6]], count: 3))
    }

    @Test("adds more than fits into a bucket")
    func buckets() throws {
        let count = FlatBuffer.bucketBytes / 4 * 2 + 5
        let found = try together(2) { group in
            let tensors = [
                Tensor.full([count], Double(group.rank + 1)), Tensor.full([7], 10),
            ]
            try collectingOperatorErrors { group.reduce(tensors, by: .sum) }
            return [tensors[0].sum(dtype: .float64).item(), tensors[1].sum().item()]
        }.map { try $0.get() }
        #expect(found == Array(repeating: [3 * Double(count), 140], count: 2))
    }

    @Test("keeps what is no number, whichever process has it", arguments: [0, 1])
    func notFinite(_ rank: Int) throws {
        let found = try together(2) { group in
            let tensor = Tensor([group.rank == rank ? Double.nan : 1])
            try collectingOperatorErrors { group.reduce([tensor], by: .sum) }
            return tensor.item()
        }.map { try $0.get() }
        #expect(found.count == 2 && found.allSatisfy(\.isNaN))
    }

    @Test("finds the greatest and the least, and hands out bytes and tensors of one process")
    func others() throws {
        let found = try together(2) { group in
            let rank = group.rank
            let least = Tensor([Int64(7 - rank)])
            let mean = Tensor([Float(rank), 5])
            try collectingOperatorErrors {
                group.reduce([least], by: .least)
                group.broadcast([mean], from: 1)
            }
            let text = try group.broadcast(
                bytes: rank == 0 ? Array("the state".utf8) : [], from: 0)
            let gathered = try group.gather(Array("rank \(rank)".utf8))
            return [
                "\(try group.greatest(of: 10 * rank))", "\(Int(least.item()))",
                "\(mean.elements(as: Float.self))", String(decoding: text, as: UTF8.self),
            ] + gathered.map { String(decoding: $0, as: UTF8.self) }
        }.map { try $0.get() }
        #expect(
            found
                == Array(
                    repeating: ["10", "6", "[1.0, 5.0]", "the state", "rank 0", "rank 1"],
                    count: 2))
    }

    @Test("says which process has left, and why")
    func ended() throws {
        struct Trouble: Error {}
        let found = try together(2) { group in
            guard group.rank == 0 else {
                group.leave(because: Trouble(), "its disk is full.")
                return
            }
            let tensor = Tensor([1.0])
            try collectingOperatorErrors { group.reduce([tensor], by: .sum) }
        }
        #expect(throws: ProcessGroupError.ended(rank: 1, reason: "its disk is full.")) {
            try found[0].get()
        }
        #expect(
            ProcessGroupError.ended(rank: 1, reason: "its disk is full.").description
                == "rank 1 ended: its disk is full.")
    }

    @Test("says which process does not answer, and fails from then on")
    func silent() throws {
        let found = try together(2, timeout: 1) { group in
            guard group.rank == 0 else {
                usleep(4_500_000)
                return
            }
            let tensor = Tensor([1.0])
            #expect(throws: ProcessGroupError.silent(ranks: [1], seconds: 1)) {
                try collectingOperatorErrors { group.reduce([tensor], by: .sum) }
            }
            try collectingOperatorErrors { group.reduce([tensor], by: .sum) }
        }
        #expect(throws: ProcessGroupError.silent(ranks: [1], seconds: 1)) { try found[0].get() }
    }

    @Test("names those that do not come")
    func absent() throws {
        let store = try ProcessStore(host: "127.0.0.1", port: 0, isServer: true, waiting: 5)
        #expect(throws: ProcessGroupError.absent(ranks: [1, 2], seconds: 0.3)) {
            try DistributedGroup(
                LaunchEnvironment(
                    rank: 0, size: 3, host: "127.0.0.1", port: store.port, isStoreServed: true),
                timeout: 0.3)
        }
        #expect(
            ProcessGroupError.absent(ranks: [1, 2], seconds: 0.3).description.hasPrefix(
                "ranks 1, 2 did not come within 0.3 s."))
    }

    @Test(
        "tells why nothing answers in the system's words, without the addresses that c10d makes up")
    func noAnswer() {
        // As c10d of PyTorch 2.13 told it of 192.0.2.7:29600, in a network without a way there.
        #expect(
            ProcessGroupError.brief(
                "The client socket has failed to connect to any network address of (192.0.2.7, 29600). The "
                    + "client socket has failed to connect to 119.85.0.0:60077 (errno: 101 - Network is "
                    + "unreachable).") == "Network is unreachable")
    }

    @Test("says that its port is in use")
    func port() throws {
        let store = try ProcessStore(host: "127.0.0.1", port: 0, isServer: true, waiting: 5)
        #expect(throws: ProcessGroupError.portInUse(port: store.port)) {
            try ProcessStore(host: "127.0.0.1", port: store.port, isServer: true, waiting: 5)
        }
    }

    @Test("meets again in the store of a launcher that has keys of an attempt before")
    func attempts() throws {
        let store = try ProcessStore(host: "127.0.0.1", port: 0, isServer: true, waiting: 5)
        let former = try store.prefixed(groupPrefix(attempt: 0))
        try former.set("here/1", [])
        #expect(throws: ProcessGroupError.absent(ranks: [1], seconds: 0.3)) {
            try DistributedGroup(
                LaunchEnvironment(
                    rank: 0, size: 2, host: "127.0.0.1", port: store.port, attempt: 1,
                    isStoreServed: true), timeout: 0.3)
        }
    }

    @Test(
        "meets as often as the busiest process has pieces of work, also where others have fewer or none"
    )
    func meetings() throws {
        let found = try together(3) { group in
            var meetings = try Meetings(of: group, pieces: [9, 2, 0][group.rank], interval: 2)
            for _ in 0..<[9, 2, 0][group.rank] { try meetings.note() }
            try meetings.end()
            // All are at the same place again.
            return try group.greatest(of: 10 + group.rank)
        }.map { try $0.get() }
        #expect(found == [12, 12, 12])
    }

    @Test("meets in a file, and takes none in which others have met")
    func file() throws {
        try withFolder { folder in
            let path = folder + "/meet"
            let found = try together(2, at: "file://" + path) { group in
                let tensor = Tensor([Double(group.rank + 1)])
                try collectingOperatorErrors { group.reduce([tensor], by: .sum) }
                return tensor.item()
            }.map { try $0.get() }
            #expect(found == [3, 3])
            // What is left where processes were killed.
            let left = try ProcessStore(path: folder + "/left", size: 2)
            try left.prefixed(groupPrefix(attempt: 0)).set("here/1", [])
            #expect(throws: ProcessGroupError.usedFile(path: folder + "/left")) {
                try DistributedGroup(
                    LaunchEnvironment(
                        rank: 1, size: 2, host: "file://\(folder)/left", port: 0), timeout: 1)
            }
            withExtendedLifetime(left) {}
            let nowhere = #expect(throws: ProcessGroupError.self) {
                try DistributedGroup(
                    LaunchEnvironment(
                        rank: 0, size: 2, host: "file://\(folder)/none/meet", port: 0),
                    timeout: 1)
            }
            #expect(
                nowhere?.description.hasPrefix(
                    "\(folder)/none/meet, the file where the processes are to meet, cannot be used"
                ) == true, "\(String(describing: nowhere))")
        }
    }
}

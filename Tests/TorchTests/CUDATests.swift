import Testing

@testable import Torch

@Suite struct CUDAWithoutCardTests {
    static let hasCard = Runtime.isBuiltWithCUDA && Runtime.cudaDeviceCount > 0

    @Test(
        "What needs a card fails as a value where there is none", .disabled(if: hasCard, "a card"))
    func failures() {
        let calls: [() throws -> Void] = [
            { _ = try CUDAStream(on: .cuda(index: 0)) },
            { _ = try CUDAStream.current(on: .cuda(index: 0)) },
            { _ = try CUDACard(index: 0) },
            { _ = try CUDAMemory(of: .cuda(index: 0)) },
            { try Device.cuda(index: 0).synchronize() },
        ]
        for call in calls {
            let error = #expect(throws: OperatorError.self, performing: call)
            #expect(error?.kind == .device)
            #expect(error?.reason.isEmpty == false)
        }
    }

    @Test("The absence of cards has a reason, in one sentence", .disabled(if: hasCard, "a card"))
    func reason() throws {
        let reason = try #require(Runtime.cudaAbsence)
        #expect(!reason.isEmpty && !reason.contains("\n") && !reason.contains(". "))
    }

    @Test("The CPU has nothing to wait for, and computes in float32 whatever TF32 is set to")
    func cpu() throws {
        // TF32 has ten bits behind the point, and would round this to 1.
        let input = Tensor([1 + 0x1p-12] as [Float], shape: [1, 1])
        for allowed in [true, false] {
            Runtime.allowTF32(allowed)
            #expect(input.matmul(input).item() == 1 + 0x1p-11)
        }
        try Device.cpu.synchronize()
    }
}

@Suite(.enabled(if: CUDAWithoutCardTests.hasCard, "needs a card"))
struct CUDATests {
    private let device = Device.cuda(index: 0)

    @Test("A graph computes anew from what its input holds at each replay")
    func replay() throws {
        let input = Tensor.full([4], 1, device: device)
        let output = Tensor.zeros([4], device: device)
        let work = { _ = output.copy(from: input * 3 + 1) }
        let stream = try CUDAStream(on: device)
        try stream.run(work)
        let graph = try CUDAGraph.capture(on: device, stream: stream, work)
        for value in [2.0, -5] {
            _ = input.copy(from: Tensor.full([4], value, device: device))
            try graph.replay()
            #expect(output.sum().item() == 4 * (3 * value + 1))
        }
    }

    @Test("Work on another stream comes behind what was queued before, and before what follows")
    func streams() throws {
        let stream = try CUDAStream(on: device)
        let start = try CUDAEvent()
        let end = try CUDAEvent()
        let sum = Tensor.zeros([1 << 20], device: device)
        try start.record(on: CUDAStream.current(on: device))
        for _ in 0..<50 {
            _ = sum.add(Tensor.ones([1 << 20], device: device))
            try stream.run { _ = sum.add(Tensor.ones([1 << 20], device: device)) }
        }
        try end.record(on: CUDAStream.current(on: device))
        try end.synchronize()
        #expect(sum.sum(dtype: .float64).item() == 100 * Double(1 << 20))
        #expect(try end.milliseconds(since: start) > 0)
    }

    @Test("Memory that does not suffice is a failure of the world")
    func outOfMemory() throws {
        let error = #expect(throws: OperatorError.self) {
            try collectingOperatorErrors { Tensor.zeros([1 << 45], device: device) }
        }
        #expect(error?.kind == .outOfMemory)
        #expect(try CUDAMemory(of: device).total > 0)
    }
}

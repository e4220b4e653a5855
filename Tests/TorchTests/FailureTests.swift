import Testing

@testable import Torch

@Suite struct FailureTests {
    @Test("A mistake of the program traps and names the operator and the shapes")
    func wrongShapesTrap() async {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([4, 5]))
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("aten::matmul: "))
        #expect(text.contains("float32[2, 3], float32[4, 5]"))
    }

    @Test("A mistake of the program traps also where failures of the world are collected")
    func wrongShapesTrapInsideCollection() async {
        await #expect(processExitsWith: .failure) {
            _ = try collectingOperatorErrors { Tensor.zeros([2]) + Tensor.zeros([3]) }
        }
    }

    @Test("Reading elements as another type traps")
    func wrongElementTypeTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = Tensor.zeros([2]).elements(as: Double.self)
        }
    }

    /// 2⁴⁵ float32 elements are 128 TiB, the whole address space of a process.
    private static let tooMany = 1 << 45

    @Test("Running out of memory outside a collecting scope traps")
    func outOfMemoryTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = Tensor.zeros([FailureTests.tooMany])
        }
    }

    @Test("Running out of memory inside a collecting scope is thrown at its end")
    func outOfMemoryIsCollected() throws {
        var cameToTheEnd = false
        let error = try #require(throws: OperatorError.self) {
            try collectingOperatorErrors {
                let emptied = Tensor.zeros([FailureTests.tooMany])
                let sum = (emptied + 1).relu().sum()
                sum.backward()
                cameToTheEnd = sum.item().isNaN
            }
        }
        #expect(cameToTheEnd)
        #expect(error.kind == .outOfMemory)
        #expect(error.operation == "aten::full")
        #expect(error.description.hasPrefix("out of memory in aten::full: "))
    }

    @Test("What is thrown because an operator failed gives way to the operator's failure")
    func consequencesGiveWay() {
        struct Consequence: Error {}
        #expect(throws: OperatorError.self) {
            try collectingOperatorErrors {
                let value = Tensor.zeros([FailureTests.tooMany]).sum().item()
                guard value.isFinite else { throw Consequence() }
            }
        }
    }

    @Test("A collecting scope passes on results and errors of its body")
    func collectionIsTransparent() throws {
        struct Other: Error {}
        #expect(try collectingOperatorErrors { 7 } == 7)
        #expect(throws: Other.self) { try collectingOperatorErrors { throw Other() } }
    }
}

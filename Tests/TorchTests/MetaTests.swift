import Testing
import Torch

@Suite("Tensors on the meta device")
struct MetaTests {
    @Test("are where new tensors are made inside the scope, and nowhere else")
    func scope() {
        let made = withNewTensors(on: .meta) {
            [
                Tensor.zeros([2]), .ones([2]), .full([2], 3), .empty([2]), .arange(0..<2),
            ]
        }
        #expect(made.allSatisfy { $0.device == .meta && $0.shape == [2] })
        #expect(Tensor.zeros([2]).device == .cpu)
        #expect(withNewTensors(on: .meta) { Tensor.zeros([2], device: .cpu) }.device == .cpu)
        #expect(withNewTensors(on: .meta) { Tensor([1.0]) }.device == .cpu)
        #expect("\(made[0])" == "Tensor([2], float32, meta)")
    }

    /// The same on the CPU.
    @Test("go through the layers' operators with the CPU's shapes")
    func operators() {
        func shapes(on device: Device) -> [[Int]] {
            func tensor(_ shape: Int...) -> Tensor { Tensor.zeros(shape, device: device) }
            let map = tensor(2, 6, 9, 7)
            let made = [
                map.conv2d(weight: tensor(4, 6, 3, 3), bias: tensor(4), stride: 2, padding: 1),
                map.conv2d(weight: tensor(6, 2, 1, 1), groups: 3),
                map.conv2d(weight: tensor(4, 6, 3, 3), dilation: 2),
                map.convTranspose2d(weight: tensor(6, 5, 4, 4), stride: 2, padding: 1),
                map.batchNorm(
                    weight: tensor(6), bias: tensor(6), runningMean: tensor(6),
                    runningVar: tensor(6), training: true, momentum: 0.1, epsilon: 1e-5),
                map.batchNorm(
                    weight: tensor(6), bias: tensor(6), runningMean: tensor(6),
                    runningVar: tensor(6), training: false, momentum: 0.1, epsilon: 1e-5),
                map.relu(), map.adaptiveAveragePool(1), map.adaptiveAveragePool(4),
                map.averagePool(3, stride: 2, padding: 1), map.maxPool(2, stride: 2),
                map.resizedNearest(height: 18, width: 14), map.flatten(from: 1),
                map.reshape([2, -1]).linear(weight: tensor(3, 378), bias: tensor(3)),
                Tensor.concatenate([map, map], dimension: 1), map.to(.bfloat16),
                map.contiguous(.channelsLast).conv2d(weight: tensor(4, 6, 3, 3), padding: 1),
            ]
            #expect(made.allSatisfy { $0.device == device })
            return made.map(\.shape) + made.suffix(1).map(\.strides)
        }
        #expect(shapes(on: .meta) == shapes(on: .cpu))
    }

    @Test("refuse what does not fit, as on the CPU")
    func wrongShapes() async {
        await #expect(processExitsWith: .failure) {
            _ = Tensor.zeros([1, 5, 8, 8], device: .meta)
                .conv2d(weight: Tensor.zeros([4, 6, 3, 3], device: .meta))
        }
    }

    private static let sentence =
        "a tensor on the meta device has a shape and no elements; make its network on the CPU or a card"

    private func expectSentence(_ result: ExitTest.Result?) {
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains(Self.sentence), "\(text)")
    }

    @Test("have no elements to read")
    func reading() async {
        expectSentence(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Tensor.zeros([], device: .meta).item()
            })
        expectSentence(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Tensor.zeros([2], device: .meta).elements(as: Float.self)
            })
        expectSentence(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Tensor.zeros([2], device: .meta).bytes()
            })
        expectSentence(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Tensor.zeros([2]).copy(from: Tensor.zeros([2], device: .meta))
            })
        expectSentence(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Tensor.zeros([2], device: .meta).to(.cpu)
            })
    }

    @Test("have none to write, so that weights are not lost in them")
    func writing() async {
        expectSentence(
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Tensor.zeros([2], device: .meta).copy(from: Tensor.zeros([2]))
            })
    }

    @Test("are nothing that a user can ask for")
    func name() {
        #expect(throws: DeviceError.unknown(name: "meta")) { try Device(named: "meta") }
    }
}

import Basics
import Testing

@testable import Torch

@Suite struct TensorTests {
    @Test("Bytes come back as they went in, for every type", arguments: DType.allCases)
    func bytesRoundTrip(_ dtype: DType) {
        let size = dtype.elementType.byteCount
        let bytes: [UInt8] =
            dtype == .bool ? [1, 0, 1, 1, 0, 0] : (0..<UInt8(6 * size)).map { $0 &* 7 }
        let tensor = Tensor(bytes: bytes, dtype: dtype, shape: [2, 3])
        #expect(tensor.shape == [2, 3])
        #expect(tensor.dtype == dtype)
        #expect(tensor.bytes() == bytes)
        #expect(DType(dtype.elementType) == dtype)
    }

    @Test("Bytes are row major whatever the layout in memory")
    func bytesOfTransposed() {
        let tensor = Tensor((0..<6).map(Float.init), shape: [2, 3]).permute([1, 0])
        #expect(!tensor.isContiguous())
        #expect(tensor.elements(as: Float.self) == [0, 3, 1, 4, 2, 5])
        let image = Tensor((0..<8).map(Float.init), shape: [1, 2, 2, 2])
        let reordered = image.contiguous(.channelsLast)
        #expect(reordered.strides == [8, 1, 4, 2])
        #expect(reordered.bytes() == image.bytes())
    }

    @Test("A tensor copies the bytes that it is made of")
    func bytesAreCopied() {
        var bytes: [UInt8] = [1, 2, 3]
        let tensor = Tensor(bytes: bytes, dtype: .uint8, shape: [3])
        bytes[0] = 9
        #expect(tensor.bytes() == [1, 2, 3])
    }

    @Test("Empty and scalar tensors have bytes too")
    func degenerateShapes() {
        #expect(Tensor(bytes: [], dtype: .float32, shape: [0, 4]).bytes().isEmpty)
        #expect(Tensor([Int64(5)], shape: []).item() == 5)
    }

    @Test("Replacing the data is seen through every reference and keeps the gradient")
    func replacedData() {
        let tensor = Tensor([1.0, 2.0])
        tensor.requiresGrad = true
        (tensor * 3).sum().backward()
        let reference = tensor
        withoutGrad { tensor.replaceData(with: Tensor([5.0, 6.0])) }
        #expect(reference.elements(as: Double.self) == [5, 6])
        #expect(tensor.grad?.elements(as: Double.self) == [3, 3])
    }
}

@Suite struct GeneratorTests {
    private func draw(_ generator: Generator) -> [Float] {
        Tensor.empty([5]).fillNormal(generator: generator).elements(as: Float.self)
            + Tensor.empty([5]).fillUniform(in: 0..<1, generator: generator)
            .elements(as: Float.self)
    }

    @Test("Equal seeds give equal numbers, other seeds others")
    func seeds() {
        let first = draw(Generator(seed: 1))
        #expect(first == draw(Generator(seed: 1)))
        #expect(first != draw(Generator(seed: 2)))
    }

    @Test("A saved state continues where it was taken")
    func state() {
        let generator = Generator(seed: 3)
        _ = draw(generator)
        let state = generator.state
        let next = draw(generator)
        #expect(next != draw(generator))
        let other = Generator(seed: 4)
        other.state = Tensor(bytes: state.bytes(), dtype: .uint8, shape: state.shape)
        #expect(draw(other) == next)
    }
}

@Suite struct DeviceTests {
    @Test("Names of devices are read and printed")
    func names() throws {
        #expect(try Device(named: "cpu") == .cpu)
        #expect(Device.cpu.description == "cpu")
        #expect(Device.cuda(index: 2).description == "cuda:2")
    }

    @Test(
        "An unknown device is refused with the names that there are",
        arguments: ["tpu", "", "cuda:", "cuda:x", "cuda:-1", "cuda:0:1", "CPU"])
    func unknown(_ name: String) {
        let error = #expect(throws: DeviceError.unknown(name: name)) { try Device(named: name) }
        #expect(
            error?.description == "device '\(name)' is unknown; expected cpu, cuda or cuda:N")
    }

    @Test(
        "A CUDA device that is not here is refused with the reason", arguments: ["cuda", "cuda:99"])
    func absent(_ name: String) {
        guard name == "cuda:99" || Runtime.cudaDeviceCount == 0 else {
            print("\(name) is here: its absence cannot be tried")
            return
        }
        let expected: DeviceError =
            if !Runtime.isBuiltWithCUDA {
                .builtWithoutCUDA(name: name)
            } else if let reason = Runtime.cudaAbsence {
                .noCard(name: name, reason: reason)
            } else {
                .absent(name: name, found: Runtime.cudaDeviceCount)
            }
        let error = #expect(throws: expected) { try Device(named: name) }
        #expect(error?.description.contains("use the CPU") == true)
    }
}

import Testing
import Torch
import TorchTestSupport

/// The kernel that normalises bytes, against LibTorch's operators.
@Suite("Normalised pixels") struct NormalizedPixelsTests {
    private static let scale: [Float] = [0.017_124_753, 0.017_507_004, 0.017_429_193]
    private static let shift: [Float] = [-2.117_904, -2.035_714_4, -1.804_444_4]

    private func bytes(_ shape: [Int]) -> Tensor {
        (Tensor.hashed(3, shape: shape) * 128 + 128).to(.uint8).contiguous(.channelsLast)
    }

    @Test(
        "They have the bits of LibTorch's multiplication and addition, whole groups of pixels or not",
        arguments: [
            [1, 3, 1, 1], [2, 3, 5, 7], [1, 3, 4, 4], [3, 3, 33, 64], [8, 3, 224, 224],
        ])
    func bits(_ shape: [Int]) throws {
        let pixels = bytes(shape)
        let found = try #require(normalizedPixels(pixels, scale: Self.scale, shift: Self.shift))
        let expected =
            pixels.to(.float32) * Tensor(Self.scale, shape: [1, 3, 1, 1])
            + Tensor(Self.shift, shape: [1, 3, 1, 1])
        #expect(found.shape == shape)
        #expect(found.isContiguous(.channelsLast))
        #expect(found.elements(as: Float.self) == expected.elements(as: Float.self))
    }

    @Test("Pixels that are not bytes, not three channels or not channels last are left to LibTorch")
    func refused() {
        let others = [
            bytes([2, 4, 4, 4]), bytes([2, 3, 4, 4]).to(.float32),
            bytes([2, 3, 4, 4]).contiguous(), bytes([2, 3, 4, 5]).narrow(3, 0..<4),
        ]
        for pixels in others {
            #expect(normalizedPixels(pixels, scale: Self.scale, shift: Self.shift) == nil)
        }
    }
}

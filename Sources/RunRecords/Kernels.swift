/// Whose kernels a run computes with on the CPU: others give other last bits.
public struct Kernels: Codable, Sendable, Equatable {
    /// Those of convolutions in bfloat16, `amx`, `avx512` or `onednn`.
    public var convolution: String

    /// The instruction set of LibTorch's own, such as `AVX512` or `AVX2`.
    public var libtorch: String

    /// Gathers both.
    public init(convolution: String, libtorch: String) {
        self.convolution = convolution
        self.libtorch = libtorch
    }
}

extension Kernels: CustomStringConvertible {
    /// Both in words.
    public var description: String {
        "convolutions by \(convolution), LibTorch's operators for \(libtorch)"
    }
}

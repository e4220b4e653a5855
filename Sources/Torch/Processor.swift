import CTorch
import Foundation

/// What the processor, its operating system and the environment offer for convolutions in bfloat16.
public struct Processor: Sendable, Equatable {
    /// Whose kernels run convolutions in bfloat16, of those shapes that ours have.
    public enum Convolution: String, Sendable, CaseIterable {
        /// Our own, on the matrix unit (AMX).
        case amx

        /// Our own, on AVX512-BF16.
        case avx512

        /// oneDNN's, on whatever there is.
        case onednn
    }

    /// Whether kernels of our own may use AVX512-BF16.
    public let hasAVX512BFloat16: Bool

    /// Whether there is a matrix unit for bfloat16 (AMX) that this process may use.
    public let hasAMX: Bool

    /// The instruction set that `ONEDNN_MAX_CPU_ISA` or `DNNL_MAX_CPU_ISA` limits oneDNN to.
    public let limitOfOneDNN: String?

    /// What the variable `REVIEWKD_KERNELS` asks for.
    public let wanted: String?

    /// Describes a processor.
    public init(
        hasAVX512BFloat16: Bool, hasAMX: Bool, limitOfOneDNN: String? = nil, wanted: String? = nil
    ) {
        self.hasAVX512BFloat16 = hasAVX512BFloat16
        self.hasAMX = hasAMX
        self.limitOfOneDNN = limitOfOneDNN
        self.wanted = wanted
    }

    /// The processor of this process.
    public static let current = {
        let environment = ProcessInfo.processInfo.environment
        return Processor(
            hasAVX512BFloat16: ct_cpu_has_native_bfloat16(), hasAMX: ct_cpu_has_amx_bfloat16(),
            limitOfOneDNN: limit(in: environment),
            wanted: environment["REVIEWKD_KERNELS"].flatMap { $0.isEmpty ? nil : $0 })
    }()

    /// The kernels that this processor is to use: what `REVIEWKD_KERNELS` asks for, if the processor has it;
    /// else our own on the matrix unit, or on AVX512-BF16, where there is one and oneDNN may use it too.
    public var convolution: Convolution {
        if let asked = wanted.flatMap(Convolution.init), has(asked) { return asked }
        guard hasAVX512BFloat16 else { return .onednn }
        return oneDNNUsesAMX ? .amx : .avx512
    }

    /// This processor with each of the kernels that it has, as if `REVIEWKD_KERNELS` asked for them.
    public var variants: [Processor] {
        Convolution.allCases.filter(has).map {
            Processor(
                hasAVX512BFloat16: hasAVX512BFloat16, hasAMX: hasAMX, limitOfOneDNN: limitOfOneDNN,
                wanted: $0.rawValue)
        }
    }

    private func has(_ kernel: Convolution) -> Bool {
        switch kernel {
        case .amx: hasAVX512BFloat16 && hasAMX
        case .avx512: hasAVX512BFloat16
        case .onednn: true
        }
    }

    /// Refuses a value of `REVIEWKD_KERNELS` that this processor, or this program, has no kernels for.
    ///
    /// - Throws: `KernelsError`.
    public func requireWantedKernels() throws(KernelsError) {
        guard let wanted else { return }
        let known = Convolution.allCases.filter(has).map(\.rawValue)
        guard known.contains(wanted) else { throw KernelsError(wanted: wanted, known: known) }
    }

    /// Whether oneDNN computes on the matrix unit.
    public var oneDNNUsesAMX: Bool {
        guard let limitOfOneDNN else { return hasAMX }
        return hasAMX && !Self.setsWithoutAMX.contains(limitOfOneDNN.lowercased())
    }

    /// Whether oneDNN can fuse convolutions in bfloat16 with what follows them.
    public static let fusesBFloat16 = ct_onednn_takes_bfloat16()

    /// The names that oneDNN knows; it takes others for no limit.
    private static let setsWithoutAMX: Set<String> = [
        "sse41", "avx", "avx2", "avx2_vnni", "avx2_vnni_2", "avx512_core", "avx512_core_vnni",
        "avx512_core_bf16", "avx512_core_fp16", "avx10_1_512", "avx10_2_512",
    ]

    /// As oneDNN reads it: of the two names the first that is set and not empty.
    static func limit(in environment: [String: String]) -> String? {
        ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"].compactMap { environment[$0] }
            .first { !$0.isEmpty }
    }
}

/// Kernels that were asked for and are not there.
public struct KernelsError: Error, Equatable, CustomStringConvertible {
    /// What was asked for.
    public let wanted: String

    /// What this processor has.
    public let known: [String]

    /// What is wrong, and what to do.
    public var description: String {
        "REVIEWKD_KERNELS is \(wanted), but this program has no such kernels for this processor. Expected "
            + "\(known.joined(separator: " or ")). Take one of these, or unset the variable."
    }
}

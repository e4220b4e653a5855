/// What a processor computes bfloat16 with, on which the ratios between programs depend.
public enum ProcessorKind: String, Sendable, CaseIterable {
    /// A matrix unit for bfloat16.
    case amx = "AMX"
    /// Products of bfloat16 in vectors of 512 bits, and no matrix unit.
    case avx512BFloat16 = "AVX512-BF16"
    /// Vectors of 512 bits without bfloat16.
    case avx512 = "AVX-512"
    /// Vectors of 256 bits.
    case avx2 = "AVX2"
    /// Anything else.
    case other = "another processor"

    /// Reads the flags of `/proc/cpuinfo`.
    public init(flags: Set<String>) {
        self =
            if flags.contains("amx_bf16") { .amx } else if flags.contains("avx512_bf16") {
                .avx512BFloat16
            } else if flags.contains("avx512f") { .avx512 } else if flags.contains("avx2") {
                .avx2
            } else { .other }
    }
}

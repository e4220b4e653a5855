import Foundation
import Testing

@testable import Torch

@Suite("Which kernel a processor uses") struct ProcessorTests {
    struct Case: Sendable {
        let bfloat16: Bool
        let amx: Bool
        var limit: String?
        let kernel: Processor.Convolution
    }

    @Test(
        "Our own convolutions are for AVX512-BF16, on the matrix unit where oneDNN may use it too",
        arguments: [
            Case(bfloat16: true, amx: false, kernel: .avx512),
            Case(bfloat16: true, amx: true, kernel: .amx),
            Case(bfloat16: false, amx: false, kernel: .onednn),
            Case(bfloat16: false, amx: true, kernel: .onednn),
            // oneDNN is kept from AMX.
            Case(bfloat16: true, amx: true, limit: "AVX512_CORE_BF16", kernel: .avx512),
            Case(bfloat16: true, amx: true, limit: "avx2", kernel: .avx512),
            Case(bfloat16: true, amx: true, limit: "AVX512_CORE_AMX", kernel: .amx),
            Case(bfloat16: true, amx: true, limit: "avx10_1_512_amx_fp16", kernel: .amx),
            Case(bfloat16: true, amx: true, limit: "DEFAULT", kernel: .amx),
            Case(bfloat16: true, amx: true, limit: "no such set", kernel: .amx),
        ])
    func convolution(_ tested: Case) {
        let processor = Processor(
            hasAVX512BFloat16: tested.bfloat16, hasAMX: tested.amx, limitOfOneDNN: tested.limit)
        #expect(processor.convolution == tested.kernel)
        #expect(processor.oneDNNUsesAMX == (tested.amx && tested.kernel != .avx512))
    }

    @Test(
        "REVIEWKD_KERNELS takes what the processor has, and anything else is refused in a sentence")
    func wanted() throws {
        func processor(_ wanted: String?, bfloat16: Bool) -> Processor {
            Processor(hasAVX512BFloat16: bfloat16, hasAMX: true, wanted: wanted)
        }
        #expect(processor("avx512", bfloat16: true).convolution == .avx512)
        #expect(processor("onednn", bfloat16: true).convolution == .onednn)
        #expect(processor("amx", bfloat16: true).convolution == .amx)
        #expect(processor(nil, bfloat16: true).convolution == .amx)
        for name in ["avx512", "onednn", "amx"] {
            try processor(name, bfloat16: true).requireWantedKernels()
        }
        try processor(nil, bfloat16: false).requireWantedKernels()
        let error = #expect(throws: KernelsError.self) {
            try processor("avx512", bfloat16: false).requireWantedKernels()
        }
        #expect(
            error?.description == """
                REVIEWKD_KERNELS is avx512, but this program has no such kernels for this processor. Expected onednn. \
                Take one of these, or unset the variable.
                """)
        #expect(throws: KernelsError(wanted: "sse", known: ["amx", "avx512", "onednn"])) {
            try processor("sse", bfloat16: true).requireWantedKernels()
        }
        let without = Processor(hasAVX512BFloat16: true, hasAMX: false, wanted: "amx")
        #expect(throws: KernelsError(wanted: "amx", known: ["avx512", "onednn"])) {
            try without.requireWantedKernels()
        }
    }

    @Test("oneDNN's limit is the first of its two variables that holds something")
    func limit() {
        #expect(Processor.limit(in: [:]) == nil)
        #expect(Processor.limit(in: ["DNNL_MAX_CPU_ISA": "AVX2"]) == "AVX2")
        let both = ["ONEDNN_MAX_CPU_ISA": "AVX512_CORE", "DNNL_MAX_CPU_ISA": "AVX2"]
        #expect(Processor.limit(in: both) == "AVX512_CORE")
        let empty = ["ONEDNN_MAX_CPU_ISA": "", "DNNL_MAX_CPU_ISA": "AVX2"]
        #expect(Processor.limit(in: empty) == "AVX2")
    }

    @Test("What is found of this processor is what Linux says of it")
    func current() throws {
        let text = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        let flags = try #require(text.split(separator: "\n").first { $0.hasPrefix("flags") })
            .split(whereSeparator: \.isWhitespace)
        #expect(Processor.current.hasAMX == flags.contains("amx_bf16"))
        #expect(
            Processor.current.hasAVX512BFloat16
                == (flags.contains("avx512_bf16") && Runtime.cpuCapability == "AVX512"))
    }
}

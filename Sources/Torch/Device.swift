import CTorch

/// Where a tensor's elements live and its operators run.
public enum Device: Sendable, Hashable, CustomStringConvertible {
    case cpu
    case cuda(index: Int)

    /// Nowhere: tensors there have a shape and a type, and neither memory nor elements. Operators give
    /// the shapes of their results and compute nothing.
    case meta

    /// Where a tensor is made for which no device is named: the CPU, or what `withNewTensors` says.
    @TaskLocal public static var ofNewTensors = Device.cpu

    var handle: ct_device {
        switch self {
        case .cpu: ct_device(type: 0, index: -1)
        case .cuda(let index): ct_device(type: 1, index: Int8(clamping: index))
        case .meta: ct_device(type: 14, index: -1)
        }
    }

    init(_ handle: ct_device) {
        self =
            switch handle.type {
            case 1: .cuda(index: Int(max(handle.index, 0)))
            case 14: .meta
            default: .cpu
            }
    }

    /// The name: `cpu` and `cuda:0`, which the command line takes, or `meta`, which it does not.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        case .meta: "meta"
        }
    }

    /// Reads a device's name and makes sure that it can be used here.
    ///
    /// - Parameter name: `cpu`, `cuda` (the first card) or `cuda:N`.
    /// - Throws: `DeviceError` where the name is none of these or no such device is here.
    public init(named name: String) throws(DeviceError) {
        guard let index = try Self.card(named: name) else {
            self = .cpu
            return
        }
        guard Runtime.isBuiltWithCUDA else { throw .builtWithoutCUDA(name: name) }
        if let reason = Runtime.cudaAbsence { throw .noCard(name: name, reason: reason) }
        guard index < Runtime.cudaDeviceCount else {
            throw .absent(name: name, found: Runtime.cudaDeviceCount)
        }
        self = .cuda(index: index)
    }

    /// Reads a device's name and asks nothing of the machine.
    ///
    /// - Parameter name: `cpu`, `cuda` or `cuda:N`.
    /// - Returns: the number of a card; nil for the CPU.
    /// - Throws: `DeviceError.unknown` where the name is none of these.
    package static func card(named name: String) throws(DeviceError) -> Int? {
        if name == "cpu" { return nil }
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.first == "cuda", parts.count <= 2,
            let index = parts.count == 1 ? 0 : Int(parts[1]), index >= 0
        else { throw .unknown(name: name) }
        return index
    }
}

/// A device that was asked for and cannot be had.
public enum DeviceError: Error, Equatable, CustomStringConvertible {
    case unknown(name: String)
    case builtWithoutCUDA(name: String)
    case noCard(name: String, reason: String)
    case absent(name: String, found: Int)

    /// One sentence with the remedy.
    public var description: String { "\(problem); \(remedy)" }

    /// The sentence without the remedy.
    package var problem: String {
        switch self {
        case .unknown(let name):
            "device '\(name)' is unknown"
        case .builtWithoutCUDA(let name):
            "device '\(name)' was asked for, but this build's LibTorch \(Runtime.version) has no CUDA"
        case .noCard(let name, let reason):
            "device '\(name)' was asked for, but there is no card to use (\(reason))"
        case .absent(let name, let found):
            "device '\(name)' was asked for, but LibTorch found \(found) CUDA device(s), numbered from 0"
        }
    }

    private var remedy: String {
        switch self {
        case .unknown: "expected cpu, cuda or cuda:N"
        case .builtWithoutCUDA: "use the CPU, or a build with CUDA"
        case .noCard: "use the CPU, or check the driver with nvidia-smi"
        case .absent: "use one of them, or the CPU"
        }
    }
}

/// What the LibTorch under this process is and can do.
public enum Runtime {
    /// LibTorch's version, as `2.13.0`.
    public static var version: String { String(cString: ct_version()) }

    /// The instruction set that LibTorch's own CPU kernels use, as `AVX512`.
    public static var cpuCapability: String { String(cString: ct_cpu_capability()) }

    /// The instruction set that kernels outside LibTorch use: 0 is the least of the architecture, 1 AVX2,
    /// 2 AVX-512, as far as LibTorch's variable `ATEN_CPU_CAPABILITY` allows.
    package static var instructions: Int32 { ct_cpu_instructions() }

    /// Whether the processor multiplies bfloat16 numbers natively (AVX512-BF16).
    public static var hasNativeBFloat16: Bool { ct_cpu_has_native_bfloat16() }

    /// Whether this LibTorch can drive CUDA devices at all.
    public static var isBuiltWithCUDA: Bool { ct_built_with_cuda() }

    /// How many CUDA devices LibTorch sees.
    public static var cudaDeviceCount: Int { Int(ct_cuda_device_count()) }

    /// Restricts LibTorch to algorithms that give the same bits on every run on one machine.
    ///
    /// On the CPU all that this package uses are such anyway, given the number of threads.
    ///
    /// - Parameter wanted: whether they are restricted.
    public static func requireDeterminism(_ wanted: Bool) { ct_set_deterministic(wanted) }

    /// Makes this process keep the memory that it frees, for the next step.
    ///
    /// A training step allocates and frees the same hundreds of MiB again and again. By default glibc
    /// gives large blocks back at once, and the kernel clears fresh pages for each of them, about a
    /// tenth of a step. A program that trains calls this first, before it has other threads; its
    /// resident memory then does not fall before its end.
    public static func keepFreedMemory() { ct_keep_freed_memory() }

    /// How many threads one CPU operator may use.
    public static var threads: Int { Int(ct_threads()) }

    /// Sets how many threads one CPU operator may use.
    ///
    /// - Precondition: `count` is at least 1.
    public static func setThreads(_ count: Int) {
        precondition(count >= 1, "setThreads: count \(count) is below 1")
        check(ct_set_threads(Int32(clamping: count)), "set_num_threads")
    }
}

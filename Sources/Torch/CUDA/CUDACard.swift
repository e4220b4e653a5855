import CTorch

/// What a card is.
public struct CUDACard: Sendable, Equatable {
    /// The maker's name for it.
    public let name: String

    /// The generation of its instruction set, as `9.0`.
    public let computeCapability: String

    /// Whether it multiplies bfloat16 numbers natively.
    public let hasNativeBFloat16: Bool

    /// How many multiprocessors it has.
    public let multiprocessors: Int

    /// Its memory, in bytes.
    public let memoryBytes: Int

    /// Asks a card.
    ///
    /// - Parameter index: the card's number, from 0.
    /// - Throws: `OperatorError` where it cannot be asked.
    public init(index: Int) throws(OperatorError) {
        var card = ct_cuda_card()
        try attempt(ct_cuda_card_describe(Int8(clamping: index), &card), "card \(index)")
        name = withUnsafeBytes(of: card.name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        computeCapability = "\(card.major).\(card.minor)"
        hasNativeBFloat16 = card.major >= 8
        multiprocessors = Int(card.multiprocessors)
        memoryBytes = Int(card.memory)
    }
}

/// How a card's memory is used, in bytes.
public struct CUDAMemory: Sendable, Equatable {
    /// What no process uses.
    public let free: Int

    /// All there is.
    public let total: Int

    /// What tensors of this process take now.
    public let allocated: Int

    /// The most that tensors of this process have taken.
    public let peak: Int

    /// Asks a card.
    ///
    /// - Parameter device: the card.
    /// - Throws: `OperatorError` where there is no such card.
    public init(of device: Device) throws(OperatorError) {
        var memory = ct_cuda_memory()
        try attempt(ct_cuda_memory_read(device.handle.index, &memory), "memory of \(device)")
        free = Int(memory.free)
        total = Int(memory.total)
        allocated = Int(memory.allocated)
        peak = Int(memory.peak)
    }
}

extension Device {
    /// Waits until the device has done all that is queued; the CPU queues nothing.
    ///
    /// - Throws: `OperatorError` where queued work failed.
    public func synchronize() throws(OperatorError) {
        guard case .cuda = self else { return }
        try attempt(ct_cuda_synchronize(handle.index), "synchronize")
    }
}

extension Runtime {
    /// Why LibTorch sees no card, in the driver's words; nil where it sees one.
    public static var cudaAbsence: String? {
        do throws(OperatorError) {
            try attempt(ct_cuda_require_card(), "cuda")
            return nil
        } catch {
            // The first sentence; an address to download from may follow.
            let sentence = error.reason.split(separator: ". ").first.map(String.init)
            return sentence ?? error.reason
        }
    }

    /// Whether float32 products and convolutions on a card may round their inputs to TF32.
    ///
    /// - Parameter allowed: false for float32 throughout.
    public static func allowTF32(_ allowed: Bool) {
        check(ct_cuda_allow_tf32(allowed), "allow_tf32")
    }
}

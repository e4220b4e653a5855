import CTorch

/// A source of random numbers on one device, seeded and with a state that can be saved.
///
/// Used for initial weights and by methods that draw as they go. The order and augmentation of
/// training data do not depend on it: they are functions of (seed, epoch).
public final class Generator: @unchecked Sendable {
    let handle: ct_generator

    /// Makes a generator.
    ///
    /// - Parameters:
    ///   - seed: equal seeds give equal numbers.
    ///   - device: where the drawn tensors will live.
    public init(seed: UInt64, device: Device = .cpu) {
        var created: ct_generator?
        check(ct_generator_create(device.handle, seed, &created), "generator")
        guard let created else { preconditionFailure("generator: LibTorch gave none") }
        handle = created
    }

    deinit { ct_generator_free(handle) }

    /// The generator's state, a tensor of bytes on the CPU.
    public var state: Tensor {
        get {
            var state: ct_tensor?
            check(ct_generator_get_state(handle, &state), "generator state")
            return Tensor(owning: state)
        }
        set {
            guard let state = newValue.handle else { return }
            check(ct_generator_set_state(handle, state), "generator state")
        }
    }
}

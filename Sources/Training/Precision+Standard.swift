import Distillation
import Torch
import TorchNN

extension Precision {
    /// bfloat16 where the processor multiplies it natively, else float32.
    public static var standard: Precision { Runtime.hasNativeBFloat16 ? .bfloat16 : .float32 }

    /// bfloat16 where the device multiplies it natively, else float32.
    ///
    /// - Throws: `OperatorError` where there is no such card.
    public static func standard(on device: Device) throws -> Precision {
        guard case .cuda(let index) = device else { return .standard }
        return try CUDACard(index: index).hasNativeBFloat16 ? .bfloat16 : .float32
    }
}

import Torch

extension DeviceError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .unknown: nil
        case .builtWithoutCUDA: "use --device cpu, or the program that `make build-cuda` makes"
        case .noCard: "use --device cpu, or check the driver with nvidia-smi"
        case .absent: "use one of them, or --device cpu"
        }
    }
}

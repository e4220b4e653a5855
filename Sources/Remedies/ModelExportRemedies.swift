import ModelExport

extension ExportError: Remediable {
    package func remedy(in command: CommandKind) -> String? {
        switch self {
        case .nothingToFold: "leave --fold out"
        case .noRange:
            "give --calibration a folder with images, and weights that compute finite numbers"
        case .noClassifier, .unknownOperator, .unknownUse, .unseenTensor, .dependsOnCount: nil
        }
    }
}

/// A file with a program of PyTorch's instead of weights.
///
/// Such a file is told apart without executing anything of it.
public enum ProgramFile: Sendable, Equatable {
    /// What `torch.jit.save` writes.
    case torchScript

    /// What `torch._inductor.aoti_compile_and_package` writes, as a `.pt2`: machine code.
    case inductorPackage

    /// What `torch.export.save` writes, a `.pt2` too: a graph that is not compiled.
    case exportedProgram

    /// Finds out whether a zip archive is one, by the names of its members.
    init?(members names: [String]) {
        let outer = names.filter { name in name.count { $0 == "/" } < 2 }
        if outer.contains(where: { $0.split(separator: "/").last == "constants.pkl" }) {
            self = .torchScript
        } else if names.contains(where: { $0.contains("data/aotinductor/") }) {
            self = .inductorPackage
        } else if names.contains(where: { $0.hasSuffix("archive_format") }) {
            self = .exportedProgram
        } else {
            return nil
        }
    }

    /// Finds out whether a file is one.
    ///
    /// - Parameter path: any file.
    /// - Throws: `WeightFileError.unreadable`.
    public init?(file path: String) throws(WeightFileError) {
        let contents = try WeightFile.contents(of: path)
        guard WeightFormat(of: contents) == .zip else { return nil }
        let names: [String]
        do throws(ZipArchiveError) {
            names = try ZipArchive(contents).entries.map(\.name)
        } catch {
            throw .checkpoint(path: path, .zip(error))
        }
        self.init(members: names)
    }
}

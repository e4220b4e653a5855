import ArgumentParser
import Recipes
import TensorFiles
import Torch

/// Whether programs from files may run.
package struct TrustOptions: ParsableArguments {
    @Flag(
        help: """
            Run the program that --teacher holds. It can do whatever you can: read, change and send your files. \
            Give this only where you trust its maker.
            """)
    package var trustCode = false

    /// Takes what the command line gives.
    package init() {}

    /// How a teacher's file stores a program; the recipe then says that its teacher is one.
    ///
    /// - Parameters:
    ///   - path: the teacher's file.
    ///   - recipe: its teacher's model becomes `program` where the file is one.
    ///   - remark: called where the recipe names a network that is not made.
    /// - Returns: nil for a file of weights or one that cannot be read, and for a recipe without a teacher.
    /// - Throws: `UntrustedProgram`.
    package func program(
        in path: String, for recipe: inout Recipe, remark: (String) -> Void
    ) throws -> TensorProgram.Form? {
        // What cannot be read is told where it is needed, which an estimate does not.
        guard let teacher = recipe.teacher, let file = try? ProgramFile(file: path) else {
            return nil
        }
        guard !recipe.isDetection else { throw UntrustedProgram.detector(path, file) }
        guard let form = file.form else { throw UntrustedProgram.notCompiled(path) }
        guard trustCode else { throw UntrustedProgram.code(path, file) }
        if !teacher.isProgram {
            remark(
                "\(path) is \(file.name), which brings its own network in place of the recipe's teacher "
                    + teacher.model)
            recipe.teacher?.model = TeacherSettings.program
        }
        return form
    }
}

extension ProgramFile {
    fileprivate var form: TensorProgram.Form? {
        switch self {
        case .torchScript: .torchScript
        case .inductorPackage: .inductorPackage
        case .exportedProgram: nil
        }
    }
}

/// A program in place of weights that does not run here.
package enum UntrustedProgram: Error, CustomStringConvertible {
    case code(String, ProgramFile)
    case notCompiled(String)
    case detector(String, ProgramFile)

    /// One sentence with the remedy.
    package var description: String {
        switch self {
        case .code(let path, let file):
            "\(path) is \(file.name): using it runs code of its maker with your rights. Add --trust-code if you "
                + "trust whoever made it, or take a file of weights"
        case .notCompiled(let path):
            "\(path) is a program of torch.export, which needs Python to run; compile it with "
                + "torch._inductor.aoti_compile_and_package, or save it with torch.jit.save"
        case .detector(let path, let file):
            "\(path) is \(file.name), and a detector learns from a network of `reviewkd models` alone; give that "
                + "network's weights"
        }
    }
}

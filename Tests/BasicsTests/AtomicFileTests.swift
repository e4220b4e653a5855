import Basics
import BasicsTestSupport
import Foundation
import Testing

@Suite("Files written at once")
struct AtomicFileTests {
    private let old = Data("old contents".utf8)
    private let new = Data("new contents, which are longer".utf8)

    @Test("show the old or the new contents whole at every point of the writing")
    func everyPoint() throws {
        try withFolder { folder in
            let path = folder + "/file"
            try AtomicFile.write(old, to: path)
            var seen: [WritePoint: Data] = [:]
            var order: [WritePoint] = []
            try AtomicFile.write(new, to: path) { point in
                order.append(point)
                seen[point] = FileManager.default.contents(atPath: path)
            }
            #expect(order == WritePoint.allCases)
            #expect(
                seen == [
                    .beforeFile: old, .halfWritten: old, .beforeRename: old, .afterRename: new,
                ])
            try #expect(FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
    }

    @Test("leave the old contents and nothing else when they cannot be written")
    func failure() throws {
        try withFolder { folder in
            let path = folder + "/file"
            try AtomicFile.write(old, to: path)
            // A folder in the way of the unfinished file.
            try FileManager.default.createDirectory(
                atPath: path + AtomicFile.unfinished, withIntermediateDirectories: false)
            let error = #expect(throws: FileError.self) {
                try AtomicFile.write(new, to: path)
            }
            #expect(
                error?.description
                    == "\(path) could not be written: Is a directory; what was saved before is "
                    + "untouched; free some space, or choose another folder")
            #expect(FileManager.default.contents(atPath: path) == old)
        }
    }

    @Test("cannot take the place of a folder")
    func renameFailure() throws {
        try withFolder { folder in
            let path = folder + "/folder"
            try FileManager.default.createDirectory(
                atPath: path + "/inside", withIntermediateDirectories: true)
            #expect(throws: FileError.self) { try AtomicFile.write(new, to: path) }
            try #expect(FileManager.default.contentsOfDirectory(atPath: folder) == ["folder"])
        }
    }
}

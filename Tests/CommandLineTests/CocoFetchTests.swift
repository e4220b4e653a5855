import Foundation
import TensorFilesTestSupport
import Testing

extension CommandLineSuite {
    @Suite("Fetching COCO")
    struct CocoFetchTests {
        private let workshop: Workshop

        init() throws { workshop = try Workshop.shared() }

        /// Writes small zips as a mirror has them, and returns the folder's address.
        private func mirror(_ images: [String] = ["val2017/1.jpg", "val2017/2.jpg"]) throws
            -> String
        {
            let folder = workshop.fresh("mirror")
            func zip(_ names: [String]) -> Data {
                ZipWriter(
                    entries: names.map {
                        .init(name: $0, contents: Data(repeating: 7, count: 2000))
                    }
                ).archive()
            }
            try workshop.write(zip(images), to: "\(folder)/zips/val2017.zip")
            try workshop.write(
                zip(["annotations/instances_val2017.json"]),
                to: "\(folder)/annotations/annotations_trainval2017.zip")
            return workshop.url(folder).absoluteString
        }

        private func fetch(_ folder: String, _ more: [String]) throws -> Outcome {
            try workshop.run(["datasets", "fetch", "coco2017", "--data", folder] + more)
        }

        @Test("takes chosen parts of a smaller set where that is asked for, once")
        func parts() throws {
            let (url, folder) = (try mirror(), workshop.fresh("coco"))
            let options = ["--url", url, "--parts", "val,annotations", "--unverified", "--quiet"]
            let first = try fetch(folder, options)
            #expect(first.status == 0, "\(first.errors)")
            #expect(
                first.output.contains("coco2017: val was downloaded and unpacked in \(folder)."))
            #expect(first.output.contains("It is not the published archive"))
            #expect(first.errors.isEmpty)
            let files = try workshop.contents(folder).filter { !$0.value.isEmpty }.keys.sorted()
            #expect(
                files == [
                    "annotations/instances_val2017.json", "annotations_trainval2017.zip",
                    "val2017.zip", "val2017/1.jpg", "val2017/2.jpg",
                ])
            let second = try fetch(folder, options)
            #expect(second.output.contains("coco2017: val is complete in \(folder); nothing was"))
        }

        @Test("refuses files that are not the published ones, with what may be done")
        func otherSize() throws {
            let (url, folder) = (try mirror(), workshop.fresh("coco"))
            let outcome = try fetch(folder, ["--url", url, "--parts", "val"])
            #expect(outcome.status == 1)
            #expect(
                outcome.sentence.contains(
                    "zips/val2017.zip: expected 815585330 bytes as published, found "))
            #expect(outcome.sentence.hasSuffix("or take this one with --unverified"))
            #expect(outcome.output.isEmpty)
            try #expect(workshop.contents(folder).isEmpty)
        }

        @Test("refuses a path that leaves the folder")
        func unsafe() throws {
            let folder = workshop.fresh("coco") + "/inner"
            let url = try mirror(["val2017/1.jpg", "../x"])
            let outcome = try fetch(folder, ["--url", url, "--parts", "val", "--unverified"])
            #expect(outcome.status == 1)
            #expect(outcome.sentence.contains("found \"../x\", which leaves it"))
            try #expect(
                workshop.contents(folder + "/..").keys.sorted() == ["inner", "inner/val2017.zip"])
        }

        @Test("ends with a sentence where a file has no room")
        func fullDisk() throws {
            let (url, folder) = (try mirror(), workshop.fresh("coco"))
            // Files may have 2 KiB, of which the zip has four.
            let outcome = try workshop.run(
                [
                    "datasets", "fetch", "coco2017", "--data", folder, "--url", url, "--parts",
                    "val", "--unverified",
                ], fileBlocks: 4)
            #expect(outcome.status == 1)
            #expect(
                outcome.errors.contains("val2017.zip.part could not be written: File too large"),
                "\(outcome.errors)")
        }

        @Test(
            "asks for parts and options that there are",
            arguments: [
                (
                    ["coco2017", "--parts", "vall"],
                    "--parts names 'vall', expected some of annotations,val,train"
                ),
                (["coco2017", "--parts", ""], "--parts"),
                (
                    ["coco2017", "--url", "http://x/a.zip"],
                    "--url is the address of one zip, but 3 are to be"
                ),
                (["cifar10", "--parts", "val"], "cifar10 has no use for --parts"),
                (["cifar10", "--unverified"], "cifar10 has no use for --unverified"),
                (
                    ["coco"],
                    "data set 'coco' has nothing to download; expected cifar100, cifar10 or coco2017"
                ),
                (["imagenet"], "data set 'imagenet' has nothing to download"),
            ])
        func wrongUse(arguments: [String], text: String) throws {
            let outcome = try workshop.run(["datasets", "fetch", "--data", "nowhere"] + arguments)
            #expect(outcome.status == 64)
            #expect(outcome.sentence.contains(text), "\(outcome.errors)")
            #expect(!workshop.exists("nowhere"))
        }
    }
}

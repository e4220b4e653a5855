import Distillation
import Testing
import Torch
import VisionModels

@Suite struct StageMatchingTests {
    private typealias Link = StageMatching.Link
    private let four = StubBackbone(stages: 3).levels

    @Test("Networks with equally many levels are matched level by level")
    func equalDepths() throws {
        let matching = try StageMatching(student: four, teacher: four)
        #expect(matching.links == (0..<4).map { Link(student: $0, teacher: $0) })
        #expect(matching.remark == nil)
    }

    @Test("With unequal numbers the deepest levels are matched and the rest is remarked on")
    func unequalDepths() throws {
        let matching = try StageMatching(student: StubBackbone(stages: 2).levels, teacher: four)
        #expect(matching.links == (0..<3).map { Link(student: $0, teacher: $0 + 1) })
        #expect(
            matching.remark == """
                the student has 3 levels and the teacher 4: the deepest 3 are matched, and the shallow \
                ones of the longer network are left out
                """)
    }

    @Test("Fewer than two levels cannot be matched")
    func tooFew() {
        let shallow = StubBackbone(stages: 0).levels
        #expect(throws: DistillationError.tooFewStages(student: 1, teacher: 4)) {
            try StageMatching(student: shallow, teacher: four)
        }
    }

    @Test("A link to a level that does not exist is refused with the levels that do")
    func noSuchStage() {
        let good = Link(student: 0, teacher: 0)
        let error = #expect(
            throws: DistillationError.noSuchStage(network: "student", stage: 4, count: 4)
        ) {
            try StageMatching(
                links: [good, Link(student: 4, teacher: 1)], student: four, teacher: four)
        }
        #expect(
            error?.description.contains("Expected 1 to 4, of which the last is the pooled vector")
                == true)
        #expect(throws: DistillationError.noSuchStage(network: "student", stage: 8, count: 4)) {
            try StageMatching(
                links: [Link(student: 8, teacher: 0)], student: four, teacher: four)
        }
        #expect(throws: DistillationError.noSuchStage(network: "teacher", stage: -1, count: 4)) {
            try StageMatching(
                links: [good, Link(student: 1, teacher: -1)], student: four, teacher: four)
        }
    }

    @Test("Only without the residual framework may a student level have several targets")
    func severalTargets() throws {
        let links = [
            Link(student: 3, teacher: 3), Link(student: 1, teacher: 1),
            Link(student: 1, teacher: 0),
        ]
        let matching = try StageMatching(links: links, student: four, teacher: four)
        #expect(matching.links == links.reversed())
        func review(_ options: ReviewOptions) throws -> ReviewModule {
            try ReviewModule(
                student: four, teacher: four, matching: matching, options: options,
                generator: Generator(seed: 0))
        }
        #expect(throws: DistillationError.severalTargets(student: 1)) {
            try review(ReviewOptions())
        }
        var options = ReviewOptions()
        options.residual = false
        let levels = [8, 4, 2, 1].map { Tensor.ones([2, 3, $0, $0]) }
        let pairs = try review(options)(student: levels, teacher: levels)
        #expect(pairs.map { $0.teacher.size(2) } == [8, 4, 1])
        #expect(pairs.allSatisfy { $0.student.shape == $0.teacher.shape })
    }

    @Test("One link alone can be taken only where nothing is to be reviewed")
    func oneLink() throws {
        let link = [Link(student: 3, teacher: 0)]
        let error = #expect(throws: DistillationError.tooFewLinks(1, atLeast: 2)) {
            try StageMatching(links: link, student: four, teacher: four)
        }
        #expect(error?.description.contains("set `residual: false`") == true)
        let matching = try StageMatching(
            links: link, atLeast: 1, student: four, teacher: four)
        #expect(matching.links == link)
        #expect(throws: DistillationError.tooFewLinks(0, atLeast: 1)) {
            try StageMatching(links: [], atLeast: 1, student: four, teacher: four)
        }
    }
}

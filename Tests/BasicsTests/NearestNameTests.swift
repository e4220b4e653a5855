import Basics
import Testing

@Suite("Nearest names")
struct NearestNameTests {
    @Test(
        "The edit distance counts insertions, deletions and substitutions",
        arguments: [
            ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0),
            ("saturday", "sunday", 3),
        ])
    func editDistance(_ first: String, _ second: String, _ distance: Int) {
        #expect(NearestName.distance(first, second) == distance)
    }
}

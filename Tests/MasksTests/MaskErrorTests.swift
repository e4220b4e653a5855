import Masks
import Testing

@Suite("Masks that are none")
struct MaskErrorTests {
    @Test(
        "Plain runs that do not fill the mask are refused",
        arguments: [
            ([5, 4], .tooFewPixels(9, height: 2, width: 5)),
            ([], .tooFewPixels(0, height: 2, width: 5)),
            ([5, 6], .tooManyPixels(height: 2, width: 5)),
            ([5, -1, 6], .negativeRun(index: 1, length: -1)),
            ([.max, .max], .tooManyPixels(height: 2, width: 5)),
        ] as [([Int], MaskError)])
    func plain(counts: [Int], expected: MaskError) {
        #expect(throws: expected) { try RunLengthMask(counts: counts, height: 2, width: 5) }
    }

    @Test(
        "Packed runs that do not fill the mask, or are none, are refused",
        arguments: [
            ("", .tooFewPixels(0, height: 2, width: 5)),
            ("54", .tooFewPixels(9, height: 2, width: 5)),
            ("56", .tooManyPixels(height: 2, width: 5)),
            ("5O", .negativeRun(index: 1, length: -1)),
            ("1210N", .negativeRun(index: 4, length: -1)),
            ("5 5", .character(offset: 1, " ")),
            ("5p", .character(offset: 1, "p")),
            ("5/", .character(offset: 1, "/")),
            ("55é", .character(offset: 2, "\u{C3}")),
            ("55P", .cutOff),
            ("PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP0", .tooLong(index: 0)),
            ("ooooooo7", .tooManyPixels(height: 2, width: 5)),
        ] as [(String, MaskError)])
    func packed(text: String, expected: MaskError) {
        #expect(throws: expected) { try RunLengthMask(packed: text, height: 2, width: 5) }
    }

    @Test(
        "Sizes that no mask has are refused",
        arguments: [(-1, 5), (5, -1), (.max, 2), (1 << 16, 1 << 16)])
    func sizes(height: Int, width: Int) {
        #expect(throws: MaskError.size(height: height, width: width)) {
            try RunLengthMask(counts: [], height: height, width: width)
        }
        #expect(throws: MaskError.size(height: height, width: width)) {
            try RunLengthMask(packed: "", height: height, width: width)
        }
    }

    @Test("Each error says what was expected and what was found")
    func texts() {
        let errors: [MaskError] = [
            .size(height: -1, width: 5), .negativeRun(index: 1, length: -1),
            .tooManyPixels(height: 2, width: 5), .tooFewPixels(9, height: 2, width: 5),
            .character(offset: 1, "\u{1B}"), .cutOff, .tooLong(index: 0),
        ]
        for error in errors {
            let text = "\(error)"
            #expect(text.contains("should") && text.contains("but"), "\(text)")
            #expect(!text.unicodeScalars.contains("\u{1B}"))
        }
    }
}

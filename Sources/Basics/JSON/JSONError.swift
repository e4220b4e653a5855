/// Where bytes are not the JSON that was expected.
package struct JSONError: Error, Equatable {
    /// How many bytes lie before the place.
    package let offset: Int

    /// What should stand there, as the object of a sentence.
    package let expected: String

    /// What stands there, as the object of a sentence.
    package let found: String

    /// Whether the bytes end there.
    package let isAtEnd: Bool

    /// Says what is wrong at a place.
    package init(offset: Int, expected: String, found: String, isAtEnd: Bool = false) {
        self.offset = offset
        self.expected = expected
        self.found = found
        self.isAtEnd = isAtEnd
    }
}

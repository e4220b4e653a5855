import Basics

/// A folder of photographs that cannot be a split of a data set.
public enum ImageFolderError: Error, Equatable {
    /// There is neither a folder of the split's name nor shards of it.
    case noSplit(directory: String, split: String, found: [String])
    /// The split has no image at all.
    case noImages(path: String)
    /// A class has a folder, and no image in it.
    case emptyClass(path: String)
    /// The images of a split lie in no class folders, and no list names their classes.
    case noClasses(path: String, lists: [String])
    /// One split has classes that the other lacks.
    case differentClasses(directory: String, onlyTraining: [String], onlyValidation: [String])
    /// A line of a list of classes cannot be used.
    case badClassList(path: String, line: Int, reason: String)
    /// A list names classes in a way that does not say which folder each is.
    case unclearClassList(path: String)
    /// Two images of a shard have one key.
    case repeatedKey(shard: String, key: String)
    /// An image of a shard has no class.
    case noClass(shard: String, key: String)
    /// The class of an image in a shard is neither a number nor a name that is known.
    case badClass(shard: String, key: String, text: String, known: Int)
}

extension ImageFolderError: CustomStringConvertible {
    /// Sentences: the thing, what was expected, what was found, and the remedy.
    public var description: String {
        switch self {
        case .noSplit(let directory, let split, let found):
            "\(directory): expected a folder \(split) with a folder for each class, or shards "
                + "\(split)-00000.tar and so on; found \(found.firstFew)"
        case .noImages(let path):
            "\(path): expected images, found none; images end in .jpg, .jpeg, .png or .webp"
        case .emptyClass(let path):
            "\(path): expected images of this class, found none; remove the folder, or put its "
                + "images there"
        case .noClasses(let path, let lists):
            "\(path): expected a folder for each class, found images beside each other; move them "
                + "into such folders"
                + (lists.isEmpty
                    ? ""
                    : ", or put a list of their classes beside it, named "
                        + lists.joined(separator: " or "))
        case .differentClasses(let directory, let onlyTraining, let onlyValidation):
            "\(directory): expected the same classes in train and val; only train has "
                + "\(onlyTraining.firstFew), only val has \(onlyValidation.firstFew)"
        case .badClassList(let path, let line, let reason):
            "\(path): line \(line): \(reason)"
        case .unclearClassList(let path):
            "\(path): it numbers the classes in the order of ImageNet's development kit, which is "
                + "not that of the folders; use a list with the folders' names, as "
                + "LOC_val_solution.csv"
        case .repeatedKey(let shard, let key):
            "\(shard): the key '\(key.shown)' occurs twice, expected each once; write the shard anew"
        case .noClass(let shard, let key):
            "\(shard): the image '\(key.shown)' has neither a file \(key.shown).cls nor a folder "
                + "that names its class"
        case .badClass(let shard, let key, let text, let known):
            "\(shard): the class of '\(key.shown)' is '\(text.shown)', expected a number from 0 to "
                + "\(known - 1) or a name from classes.txt"
        }
    }
}

extension Dataset {
    /// Every data set that can be named: in a recipe, on the command line, as a normalisation.
    public static let all: [Dataset] = [
        .cifar100,
        .cifar10,
        .procedural,
        .imagenet,
        .folder,
        .coco,
    ]
}

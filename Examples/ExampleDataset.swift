import VisionData

/// The example's data set under a name that a copy of it does not take.
public let exampleDataset = Dataset.fashionMNIST

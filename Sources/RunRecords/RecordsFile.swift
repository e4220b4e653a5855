/// The name of the file of run records in the folder above the runs.
public let recordsFileName = "runs.sqlite"

// `RevisionPlugin` writes the one declaration of this module, `revision`, before each build.

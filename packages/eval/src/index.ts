// The public names of this package, written by hand.
export {}

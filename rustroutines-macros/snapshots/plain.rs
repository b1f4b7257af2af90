fn expression() {
    (f(g(x)))
}

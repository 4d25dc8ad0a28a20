class SGD:
    def __init__(self, parameters, lr):
        self.parameters, self.rate = parameters, lr

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    def step(self):
        for parameter in self.parameters:
            parameter.flat[:] = [w - self.rate * g for w, g in zip(parameter.flat, parameter.grad.flat)]

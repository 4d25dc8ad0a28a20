# A small package with a kernel, compiled against torch by nvcc.
from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CUDAExtension

setup(
    name="envforge-cuda-example",
    version="1.0",
    packages=["envforge_cuda_example"],
    install_requires=["torch"],
    ext_modules=[CUDAExtension("envforge_cuda_example._C", ["envforge_cuda_example/scale.cu"])],
    cmdclass={"build_ext": BuildExtension},
)

// at::empty stands in ATen/core/Tensor.h of this stub.
#pragma once

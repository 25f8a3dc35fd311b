"""Writes the frames of recordings for search.rs: python frames.py MODEL.onnx WAV... (16 kHz); FILE.bin beside each.

Noise is taken down first: 0.7 of the cleaned sound and 0.3 of the sound itself. With clean sound that is of no use.
"""

import sys
import numpy as np
import onnxruntime as ort
import soundfile as sf

N=512;H=128
win=np.hanning(N+1)[:N]
def stft(y):
    y=np.pad(y,(N,N)); n=(len(y)-N)//H+1
    return np.stack([np.fft.rfft(win*y[i*H:i*H+N]) for i in range(n)]),len(y)
def istft(X,n):
    y=np.zeros(n); w=np.zeros(n)
    for i,x in enumerate(X):
        y[i*H:i*H+N]+=win*np.fft.irfft(x,N); w[i*H:i*H+N]+=win**2
    return (y/np.maximum(w,1e-3))[N:-N]
def denoise(y,floor=0.1,over=1.0,alpha=0.98,mode='lsa'):
    X,n=stft(y); P=np.abs(X)**2
    # noise: low quantile of smoothed power per bin
    k=8; S=np.apply_along_axis(lambda c:np.convolve(c,np.ones(k)/k,'same'),0,P)
    D=np.quantile(S,0.15,axis=0)*1.3*over
    G=np.zeros_like(P); prev=np.zeros(P.shape[1])
    for i in range(len(P)):
        g=P[i]/D; xi=np.maximum(alpha*prev+(1-alpha)*np.maximum(g-1,0),1e-3)
        gain=xi/(1+xi)
        G[i]=np.maximum(gain,floor); prev=gain**2*g
    return istft(X*G,n)[:len(y)].astype('f4')

options = ort.SessionOptions()
options.intra_op_num_threads = 1
network = ort.InferenceSession(sys.argv[1], options)
for name in sys.argv[2:]:
    sound, _ = sf.read(name, dtype="float32")
    sound = (0.7 * denoise(sound) + 0.3 * sound).astype("f4")
    pairs, stay = network.run(None, {"input_waveform": sound[None]})
    np.concatenate([pairs[0].ravel(), stay[0]]).astype("<f4").tofile(name[:-4] + ".bin")
